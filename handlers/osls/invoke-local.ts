interface Serverless {
  processedInput: { commands: string[] }
  service: { custom: { esbuild: Record<string, unknown> } }
}

/** A plugin that lets `osls invoke local` run what is deployed as an ES module and holds a pool. */
export default class InvokeLocal {
  readonly hooks: Record<string, () => void> = {}

  constructor({ processedInput, service }: Serverless) {
    if (processedInput.commands.join(' ') !== 'invoke local') return
    // It looks for `.js` only, which the repository's own `"type": "module"` makes an ES module. In a folder apart,
    // because a package takes along whatever lies in its own.
    Object.assign(service.custom.esbuild, { outputFileExtension: '.js', outputWorkFolder: '.esbuild/local' })
    // It waits for an empty event loop, and a pool keeps its connections: here nobody will invoke the handler again.
    this.hooks.finalize = () => process.exit()
  }
}
