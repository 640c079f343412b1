/** A local database's address, as a URL says it. */
const FROM_URL: Readonly<Record<string, (url: URL) => string>> = {
  DB_HOST: (url) => url.hostname,
  DB_PORT: (url) => url.port || '3306',
  DB_USER: (url) => decodeURIComponent(url.username),
  DB_PASSWORD: (url) => decodeURIComponent(url.password),
  DB_NAME: (url) => decodeURIComponent(url.pathname.slice(1)),
}

/**
 * The variables that tell a function where its database is, which here is the local one: `DATABASE_URL` is always set, `DB_HOST`,
 * `DB_PORT`, `DB_USER`, `DB_PASSWORD` and `DB_NAME` get its values where the function has them, and `DB_AUTH`, which would ask AWS for a token, is left out.
 */
export const DATABASE_VARIABLES: readonly string[] = ['DATABASE_URL', ...Object.keys(FROM_URL), 'DB_AUTH']

/**
 * What the local database puts in place of {@link DATABASE_VARIABLES}.
 * @param has the names of the variables that the function has
 */
export function databaseVariables(has: readonly string[], databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl)
  const taken = has.flatMap((name) => {
    const value = FROM_URL[name]?.(url)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(taken), DATABASE_URL: databaseUrl }
}
