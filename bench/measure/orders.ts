/** The other side of a PinnedProcess: answers each order, and closes when the parent is done, or gone. */
export function takeOrders<Order, Answer>(
  answer: (order: Order) => Answer | Promise<Answer>,
  close: () => unknown = () => {},
): void {
  process.on('message', async (order) => process.send?.(await answer(order as Order)))
  process.once('disconnect', close)
  process.send?.('ready')
}
