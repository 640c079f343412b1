/** A process of its own: calls the default export of the module with DATABASE_URL, and says what went wrong if anything did. */
const [, , url = ''] = process.argv

async function setUp(): Promise<void> {
  const { default: prepare } = await import(url)
  if (typeof prepare !== 'function')
    throw new Error('it has no default export that is a function, to be called with the database URL')
  await prepare(process.env.DATABASE_URL)
}

setUp().then(
  () => process.exit(),
  (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error)
    process.send?.(text.replace(/\s*\n\s*/g, ' ').replace(/\.$/, ''), () => process.exit(1))
  },
)
