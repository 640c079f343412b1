import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A server's certificate and key, and the authority that signed it, as PEM. */
export interface Certificate {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** When a certificate is good; by default for a year from now on. */
interface Validity {
  readonly notBeforeDate?: Date
  readonly notAfterDate?: Date
}

/** Makes an authority and a certificate signed by it for `localhost`, `127.0.0.1` and `::1`. */
export async function makeCertificate(validity: Validity = {}): Promise<Certificate> {
  // 140 ms to load, which a Database without TLS need not pay.
  const { generate } = await import('selfsigned')
  const authority = await generate([{ name: 'commonName', value: 'warmpool-local authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...validity,
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { ca: authority.cert, cert: server.cert, key: server.private }
}

/** Puts a fresh certificate where {@link tlsOptions} points a server to. Returns the authority's. */
export async function installCertificate(directory: string): Promise<string> {
  const { ca, cert, key } = await makeCertificate()
  await mkdir(directory)
  await writeFile(join(directory, 'ca.pem'), ca)
  await writeFile(join(directory, 'cert.pem'), cert)
  // Readable to all, as a container's server is another user; the directory above is not.
  await writeFile(join(directory, 'key.pem'), key)
  return ca
}

/** The server options that offer TLS with the certificate of that directory. */
export function tlsOptions(directory: string): string[] {
  return ['ca', 'cert', 'key'].map((part) => `--ssl-${part}=${directory}/${part}.pem`)
}
