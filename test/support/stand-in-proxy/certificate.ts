import { generate } from 'selfsigned'

/** A name in which warmpool recognises RDS Proxy; see resolve() in ../names.ts for how it leads here. */
export const PROXY_NAME = 'shop.proxy-c0ffee.eu-west-1.rds.amazonaws.com'

let made: ReturnType<typeof make> | undefined

/** An authority and a certificate of it for the proxy's name and `localhost`, as PEM. The same for all proxies of this process. */
export function proxyCertificate(): Promise<{ ca: string; cert: string; key: string }> {
  made ??= make()
  return made
}

async function make(): Promise<{ ca: string; cert: string; key: string }> {
  const authority = await generate([{ name: 'commonName', value: 'stand-in proxy authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const { cert, private: key } = await generate([{ name: 'commonName', value: PROXY_NAME }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [PROXY_NAME, 'localhost'].map((value) => ({ type: 2, value })) },
    ],
  })
  return { ca: authority.cert, cert, key }
}
