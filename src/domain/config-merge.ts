import type { BaseConfigFlaw } from './refusal.ts'

/** Fields CMU needs in a server entry (real file of client 3.x). */
const NEEDED: readonly {
  readonly field: string
  readonly expected: string
  readonly fits: (server: Json) => boolean
}[] = [
  { field: 'port', expected: 'a port number', fits: ({ port }) => Number.isInteger(port) && Number(port) > 0 },
  { field: 'certificate', expected: 'a path', fits: ({ certificate }) => isFilled(certificate) },
  { field: 'pkey', expected: 'a path', fits: ({ pkey }) => isFilled(pkey) },
  {
    field: 'CApath',
    expected: 'a path (or one in CAfile)',
    fits: ({ CApath, CAfile }) => isFilled(CApath) || isFilled(CAfile),
  },
  // CMU wants words: a server with `true`, or without the field, would be left out and seen only in the run.
  { field: 'enable', expected: '"yes"', fits: ({ enable }) => enable === 'yes' },
  {
    field: 'server_ssl',
    expected: '"yes", or no such field',
    fits: ({ server_ssl: ssl }) => ssl === undefined || ssl === 'yes',
  },
  // Without end-to-end encryption the password would cross the network readable.
  {
    field: 'e2e_encryption.enable',
    expected: '"yes"',
    fits: ({ e2e_encryption: e2e }) => e2e === undefined || (isObject(e2e) && e2e.enable === 'yes'),
  },
  {
    field: 'e2e_encryption.owner_cert_path',
    expected: 'the path of the owner certificate (older files keep it on the server entry)',
    fits: ({ e2e_encryption: e2e, owner_cert_path: older }) =>
      (isObject(e2e) && isFilled(e2e.owner_cert_path)) || isFilled(older),
  },
]

type Json = Record<string, unknown>

/**
 * The merged config: the base file with its servers replaced by one entry per address, in order, each made from the
 * base's first server with `name` and `hostname` set to the address. Every other key keeps its value and place;
 * two-space JSON with a final line feed, so that equal input gives equal bytes. Answers what is wrong with the base
 * file where it cannot be used.
 */
export function mergeConfig(
  base: string,
  addresses: readonly string[],
): { readonly flaw?: undefined; readonly merged: string } | BaseConfigFlaw {
  let parsed: unknown
  try {
    parsed = JSON.parse(base.replace(/^\uFEFF/, ''))
  } catch (error) {
    return { flaw: 'not-json', detail: error instanceof Error ? error.message : String(error) }
  }
  if (!isObject(parsed)) return { flaw: 'not-json', detail: 'it is JSON, but not an object' }
  const [template] = Array.isArray(parsed.servers) ? parsed.servers : []
  if (!isObject(template)) return { flaw: 'no-server' }
  const flaw = flawOf(template)
  if (flaw) return flaw
  const servers = addresses.map((address) => withAddress(template, address))
  return { merged: `${JSON.stringify({ ...parsed, servers }, null, 2)}\n` }
}

function withAddress(template: Json, address: string): Json {
  return { ...template, hostname: address, name: address }
}

function flawOf(server: Json): BaseConfigFlaw | undefined {
  const missing = NEEDED.find(({ fits }) => !fits(server))
  return missing && { flaw: 'field', field: `servers[0].${missing.field}`, expected: missing.expected }
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
