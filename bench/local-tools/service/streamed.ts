interface Stream {
  write(text: string): void
  end(): void
}
type Streamed = (event: unknown, stream: Stream) => Promise<void>

declare const awslambda: { streamifyResponse(handler: Streamed): unknown }

/** Says its answer in two parts. */
export const handler = awslambda.streamifyResponse(async (_event, stream) => {
  stream.write('one,')
  stream.write('two')
  stream.end()
})
