import { loadPoolModule } from '../../local/src/cli/pool-module.ts'
import { loadProject } from '../../local/src/doctor/project.ts'
import { subjectOfModule } from '../../local/src/doctor/subject.ts'

/** A process of its own, as Node loads modules in another way than a test runner does: prints what each of the files came to. */
const [directory = '', ...files] = process.argv.slice(2)
const project = await loadProject(directory)

async function outcomeOf(file: string): Promise<{ settings?: unknown; error?: string }> {
  try {
    const { exports, remove } = await loadPoolModule(project, file)
    await remove()
    return { settings: subjectOfModule(project, exports, { file, exportName: undefined }).settings() }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

const outcomes = Object.fromEntries(
  await Promise.all(files.map(async (file) => [file, await outcomeOf(file)] as const)),
)
process.stdout.write(JSON.stringify(outcomes), () => process.exit())
