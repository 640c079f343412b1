/** How the handlers are told where the database is. */
export const {
  DB_HOST: host = '',
  DB_PORT: port = '',
  DB_USER: user = '',
  DB_PASSWORD: password,
  DB_NAME: database = '',
  /** The authority of the server's certificate, as PEM; without it there is no TLS. */
  DB_CA: ca,
  /** The port that a token is signed for; without it there are none. */
  SIGNED_PORT: signedPort,
  PREWARM: prewarm,
} = process.env
