/** Flags of the MySQL protocol's handshake that the stand-in looks at. */
export const CONNECT_WITH_DB = 0x0008
export const SSL = 0x0800
export const SECURE_CONNECTION = 0x8000
export const AUTH_LENGTH_ENCODED = 0x0020_0000

const COMPRESS = 0x0020
const LOCAL_FILES = 0x0080
const CONNECT_ATTRIBUTES = 0x0010_0000
const SESSION_TRACK = 0x0080_0000
const DEPRECATE_EOF = 0x0100_0000
const ZSTD = 0x0400_0000
const QUERY_ATTRIBUTES = 0x0800_0000
const MULTI_FACTOR = 0x1000_0000

/** What the stand-in can do of what a server can: no compression, and nothing that changes the form of an answer. */
export function withoutExtras(capabilities: number): number {
  const extras =
    COMPRESS | LOCAL_FILES | SESSION_TRACK | DEPRECATE_EOF | ZSTD | QUERY_ATTRIBUTES | MULTI_FACTOR
  return (capabilities & ~extras) >>> 0
}

/** What a client has asked for, as the stand-in asks for it at the server: without TLS and a database. */
export function atServer(flags: number): number {
  return (withoutExtras(flags) & ~(SSL | CONNECT_ATTRIBUTES | AUTH_LENGTH_ENCODED | CONNECT_WITH_DB)) >>> 0
}
