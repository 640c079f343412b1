import 'warmpool/shutdown'

export { handler } from './shutdown-handler.ts'
