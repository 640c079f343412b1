interface Serverless {
  configSchemaHandler: { defineCustomProperties(schema: object): void }
}

/** A plugin that refuses what osls itself would put into a template as it comes. */
export default class CheckParameters {
  constructor({ configSchemaHandler }: Serverless) {
    const route = { type: 'object', properties: { maxConnections: { type: 'integer', minimum: 1 } } }
    configSchemaHandler.defineCustomProperties({ properties: { route } })
  }
}
