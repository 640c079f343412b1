const HEADER = 4
const PROTOCOL = 10
const SERVER_ID_BYTES = 4

/**
 * Reads the number of the session out of what a MySQL server says first, which is in clear under TLS too: after the packet's
 * header of 4 bytes the protocol's number, the version with a 0 at its end, and the session as 4 bytes.
 *
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
 * @returns undefined while there is too little of it; `'refused'` when it says something else, such as that it has too many
 */
export function sessionOf(said: Buffer): number | 'refused' | undefined {
  if (said.length <= HEADER) return undefined
  if (said[HEADER] !== PROTOCOL) return 'refused'
  const end = said.indexOf(0, HEADER + 1)
  if (end < 0 || said.length < end + 1 + SERVER_ID_BYTES) return undefined
  return said.readUInt32LE(end + 1)
}
