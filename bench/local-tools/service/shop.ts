export { handler } from '../../../handlers/get-order.ts'
