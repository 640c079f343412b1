/** The handler of test/shutdown-fails-open.test.ts: a function in which `warmpool/shutdown` can do nothing, by `TROUBLE`. */
const { AWS_LAMBDA_RUNTIME_API, TROUBLE } = process.env

const load = () => import('warmpool/shutdown')

/** Another extension that has the name, as Lambda wants them: registered, and waiting for what is next. */
async function takeTheName(): Promise<void> {
  const api = `http://${AWS_LAMBDA_RUNTIME_API}/2020-01-01/extension`
  const headers = { 'lambda-extension-name': 'warmpool' }
  const taken = await fetch(`${api}/register`, { method: 'POST', headers, body: '{"events":[]}' })
  const id = taken.headers.get('lambda-extension-identifier') as string
  void fetch(`${api}/event/next`, { headers: { 'lambda-extension-identifier': id } }).catch(() => {})
}

if (TROUBLE === 'name taken') await takeTheName()
if (TROUBLE !== 'too late') await load()

export const handler = async () => {
  if (TROUBLE === 'too late') await load()
  return 'works'
}
