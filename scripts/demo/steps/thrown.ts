import placeOrder from '../../../test/events/place-order.json' with { type: 'json' }
import { isSoldOut } from '../../seed.ts'
import { count } from '../../server-view.ts'
import { type Stage, statusOf } from '../stage.ts'
import type { Step } from '../step.ts'

const IN_STOCK = 11
const SOLD_OUT = 50

/** The shop's `POST /orders` for two products, of which the second is sold out: thrown in the middle of its transaction. */
export function soldOut(): Step {
  if (!isSoldOut(SOLD_OUT)) throw new Error(`Product ${SOLD_OUT} is not sold out in the seed.`)
  const lines = [IN_STOCK, SOLD_OUT].map((productId) => ({ productId, quantity: 1 }))
  const event = { ...placeOrder, body: JSON.stringify({ customerId: 7, lines }) }
  return {
    title: 'sold out, thrown in the transaction',
    connections: { opened: 1, left: 1, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('placeOrder')
      const before = await written(stage)
      const status = statusOf(await stage.invoke(container, event))
      const undone = (await written(stage)) === before
      const said = `${status}, ${undone ? 'nothing' : 'something'} written`
      return { said, wrong: status === 409 && undone ? 0 : 1 }
    },
  }
}

/** Every order's end and the stock, as one text. */
async function written({ database }: Stage): Promise<string> {
  const orders = await count(database, 'SELECT COUNT(*) FROM orders')
  const stock = await count(database, 'SELECT stock FROM products WHERE id = ?', [IN_STOCK])
  return `${orders} orders, ${stock} in stock`
}

/** A handler throws in its transaction and gives the connection back as it is; then another invocation goes well. */
export function thrownInTransaction(rounds: number): Step {
  return {
    title: `throws without a rollback, ${rounds} times`,
    failure: 'Handler throws inside a transaction and releases without a rollback',
    connections: { opened: 1, left: 1, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('careless')
      const before = await halfOrders(stage)
      for (let round = 0; round < rounds; round++) {
        await stage.invoke(container, { does: 'throwInTransaction' })
        await stage.invoke(container, { does: 'placeOrder' })
      }
      const half = (await halfOrders(stage)) - before
      return { said: `${half} of ${rounds} half committed`, wrong: half }
    },
  }
}

function halfOrders({ database }: Stage): Promise<number> {
  return count(
    database,
    'SELECT COUNT(*) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id WHERE l.order_id IS NULL',
  )
}
