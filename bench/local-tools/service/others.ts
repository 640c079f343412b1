interface Asked {
  headers?: Record<string, string>
  body?: string
}

/** Lets in those who know the word. */
export async function gate({ headers }: Asked) {
  return { isAuthorized: headers?.authorization === 'sesame' }
}

export async function secret() {
  return { statusCode: 200, body: 'a treasure' }
}

/** Of a WebSocket. */
export async function said({ body }: Asked) {
  return { statusCode: 200, body: `heard ${body}` }
}
