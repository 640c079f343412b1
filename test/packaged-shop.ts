import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))

interface Resource {
  Type: string
  Properties: Record<string, unknown>
}

/** A copy of the repository's shop, so that packaging does not meet other packaging. Needs the runtime's build. */
export class ShopCopy implements AsyncDisposable {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static async make(): Promise<ShopCopy> {
    const directory = await mkdtemp(join(tmpdir(), 'warmpool-shop-'))
    for (const part of ['serverless.yml', 'package.json', 'handlers', 'dist', 'test/events']) {
      await cp(join(repository, part), join(directory, part), { recursive: true })
    }
    await symlink(join(repository, 'node_modules'), join(directory, 'node_modules'))
    return new ShopCopy(directory)
  }

  /** Runs osls as on a machine without an account. Resolves with what it prints. */
  async osls(args: string[], env: Record<string, string> = {}): Promise<string> {
    const osls = join(repository, 'node_modules/osls/bin/serverless.js')
    const { stdout } = await promisify(execFile)(process.execPath, [osls, ...args], {
      cwd: this.directory,
      env: {
        PATH: process.env.PATH,
        HOME: this.directory,
        TMPDIR: this.directory,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      },
    })
    return stdout
  }

  /** The resources of the CloudFormation template. */
  async resources(): Promise<Record<string, Resource>> {
    const template = join(this.directory, '.serverless/cloudformation-template-update-stack.json')
    return JSON.parse(await readFile(template, 'utf8')).Resources
  }

  /** The packages: their names, sizes in bytes and files. */
  async packages() {
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

/** Writes a package's files where no `node_modules` is above them, as in Lambda. */
export async function unpack(files: Record<string, Uint8Array>): Promise<string> {
  const task = await mkdtemp(join(tmpdir(), 'warmpool-task-'))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(task, name)), { recursive: true })
    await writeFile(join(task, name), content)
  }
  return task
}
