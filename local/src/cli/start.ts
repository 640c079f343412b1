import pico from 'picocolors'
import type { Database } from '../database/database.ts'
import { type LocalLambda, localLambda } from '../function/local-lambda.ts'
import { corsRules } from '../http-api/cors.ts'
import { type Answered, type ApiRoute, HttpApi } from '../http-api/http-api.ts'
import { routeKey } from '../http-api/match-route.ts'
import { type ChosenFunction, chooseFunction, type LocalValues } from '../service/choose-function.ts'
import { RunningFunctions } from '../service/running-functions.ts'
import { readService, type Service } from '../service/service.ts'
import { CommandError, EXIT, messageOf, orExit } from './failure.ts'
import { firstSignal } from './first-signal.ts'
import { givenEnvironment } from './function-environment.ts'
import { Held } from './interruption.ts'
import { openDatabase, planDatabase } from './local-database.ts'
import { pairs } from './option-values.ts'
import { requestJson, requestRow } from './request-row.ts'
import { Screen } from './screen.ts'
import type { StartOptions } from './start-options.ts'
import { FileWatch } from './watch-files.ts'

/** A service that takes requests. */
interface Serving {
  readonly api: HttpApi
  readonly functions: RunningFunctions
}

/** Only looked at before there is a database. */
const SOME_DATABASE = 'mysql://user@127.0.0.1:3306/schema'

/**
 * `warmpool-local start`: serves until Ctrl-C, then answers what is under way and ends everything. A second Ctrl-C ends at once.
 *
 * @returns 128 and the signal's number: 130 for Ctrl-C
 * @throws CommandError in one sentence when it cannot start
 */
export async function start(options: StartOptions): Promise<number> {
  const held = new Held()
  // Also what is under way while we drain is told, so this is not the signal that Ctrl-C aborts.
  const screen = new Screen({ ...options, full: false, containers: true }, new AbortController().signal)
  const signal = firstSignal()
  try {
    const starting = serve(options, held, screen)
    starting.catch(() => {}) // what fails because it was interrupted is nobody's concern
    const serving = await Promise.race([starting, signal.came])
    const exitCode = await signal.came
    held.interrupt()
    if (typeof serving === 'object') await drain(serving, screen)
    return exitCode
  } finally {
    await held.end()
    signal.forget()
  }
}

async function serve(options: StartOptions, held: Held, screen: Screen): Promise<Serving> {
  const note = (text: string) => screen.note(text)
  const env = await givenEnvironment(options.envFrom, options.env)
  const service = await orExit(EXIT.usage, () =>
    readService(options.config, {
      stage: options.stage,
      params: pairs('--param', options.param),
      env: { ...process.env, ...env },
    }),
  )
  const routes = routesOf(service, options.config, note)
  const plan = options.database ? await planDatabase(env, options.setup) : undefined
  checkAll(service, { env, databaseUrl: plan && SOME_DATABASE }, screen)

  const opened = Promise.withResolvers<Database | undefined>()
  opened.promise.catch(() => {}) // told below
  const files = options.watch ? await held.keep(new FileWatch()) : undefined
  const makeOne = async (name: string) => {
    const database = await opened.promise
    return make(chooseFunction(service, name, { env, databaseUrl: database?.url }), options, database, screen)
  }
  const functions: RunningFunctions = await held.keep(
    new RunningFunctions(makeOne, () => void (files && watchSources(files, functions))),
  )
  // Before the database is there, so that a port that is taken is told at once; a request waits for it.
  const api = await listen(service, routes, functions, options, screen, held)
  const opening = plan ? openDatabase(plan, held, note) : Promise.resolve(undefined)
  opening.then(opened.resolve, opened.reject)
  await opening
  if (options.eager) await makeAll(service, functions, screen)
  tell(api, service, routes, options, screen)
  if (files) void redeployAfterChanges(files, functions, screen, held)
  return { api, functions }
}

function routesOf(service: Service, config: string, note: (text: string) => void): ApiRoute[] {
  const all = service.functions.flatMap(({ name, routes }) =>
    routes.map((route) => ({ ...route, functionName: name })),
  )
  for (const route of all) {
    if (route.api === 'rest')
      note(`${routeKey(route)} is a REST API's (http) and is not served: only httpApi is.`)
    if (route.authorized) note(`${routeKey(route)} has an authorizer, which is not asked.`)
  }
  if (service.functions.length === 0) throw new CommandError(EXIT.usage, `${config} has no functions.`)
  return all.filter(({ api }) => api === 'http')
}

function make(
  {
    source,
    exportName,
    timeout,
    memory,
    deployedName,
    reservedConcurrency,
    environment,
    name,
  }: ChosenFunction,
  options: StartOptions,
  database: Database | undefined,
  screen: Screen,
): Promise<LocalLambda> {
  return localLambda({
    handler: source,
    exportName,
    timeout,
    runtime: options.runtime,
    freezeAfter: options.freezeAfter,
    maxContainers: reservedConcurrency,
    database,
    env: {
      AWS_LAMBDA_FUNCTION_NAME: deployedName,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
      ...environment,
    },
    onOutput: (line, _stream, container) => screen.log(`${name}: ${line}`, container),
  })
}

async function listen(
  service: Service,
  routes: readonly ApiRoute[],
  running: RunningFunctions,
  options: StartOptions,
  screen: Screen,
  held: Held,
): Promise<HttpApi> {
  const { port, host, json } = options
  const api = HttpApi.listen(
    {
      routes,
      functions: service.functions,
      invoke: (name, event) => running.invoke(name, event),
      cors: corsRules((service.httpApi as { cors?: unknown } | undefined)?.cors, routes),
      onAnswer: (answered) => tellAnswer(answered, json, screen),
    },
    { port, host },
  )
  return held.keep(api).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EADDRINUSE'
        ? 'is taken: choose another with --port'
        : `cannot be had: ${messageOf(error)}`
    throw new CommandError(EXIT.notStarted, `The port ${port} of ${host} ${why}.`)
  })
}

function tellAnswer(answered: Answered, json: boolean, screen: Screen): void {
  const colours = pico.createColors(process.stdout.isTTY === true && !process.env.NO_COLOR)
  process.stdout.write(`${json ? requestJson(answered) : requestRow(answered, colours)}\n`)
  const { result, complaint, functionName } = answered
  if (complaint !== undefined) screen.complaint(`${complaint}.`)
  else if (result && !result.ok)
    screen.complaint(`${functionName}: ${result.error.errorType}: ${messageOf(result.error.errorMessage)}`)
}

/** Tells of each function that could not be run, before it is asked for. @throws CommandError when none could */
function checkAll(service: Service, values: LocalValues, screen: Screen): void {
  const wrong = service.functions.flatMap(({ name }) => {
    try {
      chooseFunction(service, name, values)
      return []
    } catch (error) {
      return [messageOf(error)]
    }
  })
  const [first = ''] = wrong
  if (wrong.length === service.functions.length) throw new CommandError(EXIT.usage, first)
  for (const sentence of wrong) screen.complaint(sentence)
}

async function makeAll({ functions }: Service, running: RunningFunctions, screen: Screen): Promise<void> {
  const making = functions.map(({ name }) =>
    running.get(name).catch((error) => screen.complaint(messageOf(error))),
  )
  await Promise.all(making)
}

function tell(
  api: HttpApi,
  { functions, name, stage, region }: Service,
  routes: readonly ApiRoute[],
  { json }: StartOptions,
  screen: Screen,
): void {
  const write = json
    ? (line: string) => screen.note(line)
    : (line: string) => void process.stdout.write(`${line}\n`)
  const width = Math.max(0, ...routes.map((route) => routeKey(route).length))
  for (const route of routes) write(`  ${routeKey(route).padEnd(width)}  ${route.functionName}`)
  for (const each of functions)
    if (!routes.some(({ functionName }) => functionName === each.name))
      write(`  ${(each.events.join(', ') || 'no event').padEnd(width)}  ${each.name} (by invoke only)`)
  // Last, as it is what a program waits for.
  write(`${name}, stage ${stage}, ${region}: ${api.url} (Ctrl-C ends)`)
}

async function watchSources(files: FileWatch, running: RunningFunctions): Promise<void> {
  files.files = (await running.all()).flatMap(({ sources }) => sources)
}

async function redeployAfterChanges(
  files: FileWatch,
  running: RunningFunctions,
  screen: Screen,
  held: Held,
): Promise<void> {
  while (!held.signal.aborted) {
    await files.change()
    for (const lambda of await running.all())
      await lambda.redeploy().catch((error: unknown) => screen.complaint(messageOf(error)))
    await watchSources(files, running)
    screen.note('A source has changed: the functions are bundled again.')
  }
}

async function drain({ api, functions }: Serving, screen: Screen): Promise<void> {
  screen.note('Ending; what is under way is answered first. Ctrl-C again ends at once.')
  await api.drain()
  await functions.shutdown()
}
