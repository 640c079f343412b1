import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'
import type { Template } from './support/cloudformation/template.ts'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))

/** What packaging comes to. */
export interface Packaged {
  /** As CloudFormation gets it. */
  readonly template: Template
  readonly packages: Packages
  /** What osls told beside its result: progress, warnings. */
  readonly told: string
}

/** The packages: their names, sizes in bytes and files. */
export type Packages = readonly { name: string; size: number; files: Record<string, Uint8Array> }[]

/** A copy of the repository's shop, so that packaging does not meet other packaging. Needs the runtime's build. */
export class ShopCopy implements AsyncDisposable {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static async make(): Promise<ShopCopy> {
    const directory = await mkdtemp(join(tmpdir(), 'warmpool-shop-'))
    for (const part of ['serverless.yml', 'package.json', 'deploy', 'handlers', 'dist', 'test/events']) {
      await cp(join(repository, part), join(directory, part), { recursive: true })
    }
    await symlink(join(repository, 'node_modules'), join(directory, 'node_modules'))
    return new ShopCopy(directory)
  }

  /** Runs osls as on a machine without an account. */
  async osls(args: string[], env: Record<string, string> = {}): Promise<{ stdout: string; stderr: string }> {
    const osls = join(repository, 'node_modules/osls/bin/serverless.js')
    return promisify(execFile)(process.execPath, [osls, ...args], {
      cwd: this.directory,
      env: {
        PATH: process.env.PATH,
        HOME: this.directory,
        TMPDIR: this.directory,
        AWS_EC2_METADATA_DISABLED: 'true',
        // It loads a thousand modules each time: this saves a third of what a run takes.
        NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/warmpool/osls'),
        ...env,
      },
    })
  }

  /** @param params those of serverless.yml; without any, the stage dev with its own */
  async package(params: Readonly<Record<string, string | number>> = {}): Promise<Packaged> {
    const given = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`])
    const stage = given.length > 0 ? 'prod' : 'dev'
    const { stderr } = await this.osls(['package', '--stage', stage, ...given])
    return { template: await this.#template(), packages: await this.#packages(), told: stderr }
  }

  async #template(): Promise<Template> {
    const template = join(this.directory, '.serverless/cloudformation-template-update-stack.json')
    return JSON.parse(await readFile(template, 'utf8'))
  }

  async #packages(): Promise<Packages> {
    const directory = join(this.directory, '.serverless')
    const zips = (await readdir(directory)).filter((name) => name.endsWith('.zip')).sort()
    return Promise.all(
      zips.map(async (name) => {
        const zip = await readFile(join(directory, name))
        return { name, size: zip.length, files: unzipSync(zip) }
      }),
    )
  }

  async [Symbol.asyncDispose]() {
    await rm(this.directory, { recursive: true })
  }
}

/** The names of the packages that hold a text. Not the text itself: a megabyte in a failure's message helps nobody. */
export function holding(packages: Packages, text: RegExp): string[] {
  return packages
    .filter(({ files }) => text.test(Buffer.concat(Object.values(files)).toString()))
    .map(({ name }) => name)
}

/** What only the AWS SDK's signer of tokens has in it, minified as it may be. */
export const SIGNER = /AWS4-HMAC-SHA256/

/** Calls the packaged handler of `GET /orders/42` in a process of its own. @param env all that it has */
export async function getOrder42(packages: Packages, env: Record<string, string>): Promise<unknown> {
  const task = await unpack(packages.find(({ name }) => name === 'getOrder.zip')?.files ?? {})
  const script = `import { handler } from './handlers/get-order.mjs'
    console.log(JSON.stringify(await handler({ version: '2.0', pathParameters: { id: '42' } }, {})))
    process.exit()`
  try {
    const args = ['--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: task, env })
    return JSON.parse(stdout)
  } finally {
    await rm(task, { recursive: true })
  }
}

/** Writes a package's files where no `node_modules` is above them, as in Lambda. */
async function unpack(files: Record<string, Uint8Array>): Promise<string> {
  const task = await mkdtemp(join(tmpdir(), 'warmpool-task-'))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(task, name)), { recursive: true })
    await writeFile(join(task, name), content)
  }
  return task
}
