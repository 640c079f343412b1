/** Why RDS Proxy keeps a session on one database connection until it ends (AWS, "Avoiding pinning an RDS Proxy"). */
export const PINS = {
  long: 'its text is longer than 16 KB',
  prepared: 'it is a prepared statement',
  lockedTables: 'it locks tables',
  namedLock: 'GET_LOCK() takes a named lock',
  userVariable: 'it sets a user variable',
  untracked: 'it sets what RDS Proxy does not track',
  tracking: 'it changes what the server tells of a session',
  nextTransaction: 'it is set for the next transaction only, and not for the session',
  local: 'SET LOCAL is not seen by RDS Proxy, and holds for whoever has the database connection next',
  temporaryTable: 'it creates a temporary table',
  counted: 'ROW_COUNT() and FOUND_ROWS() ask about the statement before, and pin sometimes',
  executableComment: 'RDS Proxy does not read what is in an executable comment',
  unreadable: 'its quotes can be read in several ways, and it may be one that pins',
  undocumented: 'what RDS Proxy makes of it is not documented',
} as const

export type Pin = keyof typeof PINS
