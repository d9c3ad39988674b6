import type { ClusterSpec, HsmUserSpec, KeySpec, SlackSpec, SlackUserSpec, WorldSpec } from './world/world-spec.ts'

/** Recognisable wherever it should not be. A test searches everything for it. */
export const plantedPassword = 'Planted7CryptoOfficer9Secret'
/** Of the two crypto users whose credentials are secrets in `hsm2mClusters`. */
export const plantedCryptoUserPassword = 'Planted7CryptoUser9Secret'
export const plantedPreCoPassword = 'Planted7PreCo9Secret'

/** Slack ids of the people of the ready worlds. */
export const people = {
  requester: 'U0REQUEST1',
  approver: 'U0AAAAAAA',
  secondApprover: 'U0AAAAAAB',
  /** Approves only as a member of the user group S0BBBBBBB. */
  groupApprover: 'U0AAAAAAC',
  outsider: 'U0OUTSIDER',
  guest: 'U0GUEST001',
  multiChannelGuest: 'U0GUEST002',
  bot: 'U0ROBOT001',
  stranger: 'U0STRANGER',
  deactivated: 'U0DEPARTED',
} as const

export const channels = {
  route: 'C0123456789',
  general: 'C0GENERAL01',
  shared: 'C0SHARED001',
  withoutBot: 'C0NOBOT0001',
  private: 'C0PRIVATE01',
} as const

const admin: HsmUserSpec = { name: 'admin', type: 'PCO', password: plantedPassword }

function cryptoUsers(count: number): HsmUserSpec[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `crypto_user${at + 1}`,
    type: 'CU',
    password: `crypto-user-pass-${at + 1}`,
  }))
}

const usersWithSecrets = ['crypto_user1', 'crypto_user2']

function withPlantedPasswords(users: HsmUserSpec[]): HsmUserSpec[] {
  return users.map((user) =>
    usersWithSecrets.includes(user.name) ? { ...user, password: plantedCryptoUserPassword } : user,
  )
}

function cryptoUserSecrets(): Record<string, string> {
  const secret = (username: string) => JSON.stringify({ username, password: plantedCryptoUserPassword })
  return Object.fromEntries(usersWithSecrets.map((name, at) => [`hsm/crypto-user${at + 1}`, secret(name)]))
}

const purposes: readonly Pick<KeySpec, 'label' | 'keyType' | 'class'>[] = [
  { label: 'payments-pan-aes256', keyType: 'aes', class: 'secret-key' },
  { label: 'jwt-signing-ec', keyType: 'ec', class: 'private-key' },
  { label: 'db-tde-master', keyType: 'aes', class: 'secret-key' },
  { label: 'code-signing-rsa4096', keyType: 'rsa', class: 'private-key' },
  { label: 'Backup wrapping key', keyType: 'aes', class: 'secret-key' },
]

/** payments-pan-aes256-2021, jwt-signing-ec-2021…: the label names the purpose and a year that counts up. */
function withRealisticLabel(key: KeySpec, at: number): KeySpec {
  const purpose = purposes[at % purposes.length]
  return { ...key, ...purpose, label: `${purpose?.label}-${2021 + Math.floor(at / purposes.length)}` }
}

/** Keys spread over the first `owners` crypto users; every fifth one is shared with its owner's neighbour. */
function keysOf(owners: number, count: number): KeySpec[] {
  return Array.from({ length: count }, (_, at) => ({
    handle: at < 2 ? 7 + at : 262_144 + at,
    owner: `crypto_user${(at % owners) + 1}`,
    ...(at % 5 === 4 ? { sharedWith: [`crypto_user${((at + 1) % owners) + 1}`] } : {}),
  }))
}

/** prod-us and its clone prod-eu, two HSMs each; prod-eu lacks the last two users and the last five keys. */
export function twoClusters(overrides: Partial<WorldSpec> = {}): WorldSpec {
  return { ...clonedWorld({ users: 6, missingUsers: 2, keys: 20, missingKeys: 5 }), ...overrides }
}

/** The same two clusters with HSMs that only CloudHSM CLI can talk to, and the credentials of two crypto users. */
export function hsm2mClusters(overrides: Partial<WorldSpec> = {}): WorldSpec {
  const hsmType = 'hsm2m.medium'
  return { ...clonedWorld({ users: 6, missingUsers: 2, keys: 20, missingKeys: 5, hsmType }), ...overrides }
}

/** The same world at AWS's quota: this many users and keys are missing on prod-eu, and nothing else is on prod-us. */
export function largeWorld(
  users: number,
  keys: number,
  { hsmType, ...overrides }: Partial<WorldSpec> & { readonly hsmType?: string } = {},
): WorldSpec {
  const type = hsmType === undefined ? {} : { hsmType }
  return { ...clonedWorld({ users, missingUsers: users, keys, missingKeys: keys, ...type }), ...overrides }
}

interface WorldSize {
  readonly users: number
  readonly missingUsers: number
  readonly keys: number
  readonly missingKeys: number
  readonly hsmType?: string
}

function clonedWorld(size: WorldSize): WorldSpec {
  const isHsm2m = size.hsmType === 'hsm2m.medium'
  const type = size.hsmType === undefined ? {} : { hsmType: size.hsmType }
  const users = isHsm2m ? withPlantedPasswords(cryptoUsers(size.users)) : cryptoUsers(size.users)
  const keys = isHsm2m ? keysOf(size.users, size.keys).map(withRealisticLabel) : keysOf(size.users, size.keys)
  const present = size.users - size.missingUsers
  const known = keys
    .slice(0, size.keys - size.missingKeys)
    .filter((key) => [key.owner, ...(key.sharedWith ?? [])].every((name) => Number(name.slice(11)) <= present))
  return {
    clusters: [
      prodUs({ ...type, users: [admin, ...users], keys: [...known, ...keys.slice(size.keys - size.missingKeys)] }),
      prodEu({ ...type, users: [admin, ...users.slice(0, present)], keys: known }),
    ],
    backups: [
      {
        backupId: 'backup-2eucopy2222',
        region: 'eu-west-1',
        clusterId: 'cluster-2abcdefghij',
        sourceRegion: 'us-east-1',
        sourceBackup: 'backup-2usorig2222',
        sourceCluster: 'cluster-2abcdefghij',
        ...type,
      },
      { backupId: 'backup-2usorig2222', region: 'us-east-1', clusterId: 'cluster-2abcdefghij', ...type },
    ],
    bastions: [{ name: 'us-bastion', instanceId: 'i-0123456789abcdef0', region: 'us-east-1' }],
    secrets: {
      'hsm/crypto-officer': JSON.stringify({ username: 'admin', password: plantedPassword }),
      ...(isHsm2m ? cryptoUserSecrets() : {}),
    },
    parameters: { '/hsm/crypto-officer': JSON.stringify({ username: 'admin', password: plantedPassword }) },
    slack: workspace(),
  }
}

type Contents = Pick<ClusterSpec, 'users' | 'keys' | 'hsmType'>

function prodUs(contents: Contents): ClusterSpec {
  return {
    clusterId: 'cluster-2abcdefghij',
    region: 'us-east-1',
    lineage: 'prod',
    preCoPassword: plantedPreCoPassword,
    hsms: [
      { hsmId: 'hsm-2uuuuuuuuu1', ip: '10.0.1.7', az: 'us-east-1a', subnet: 'subnet-0aaa1111' },
      { hsmId: 'hsm-2uuuuuuuuu2', ip: '10.0.2.9', az: 'us-east-1b', subnet: 'subnet-0aaa2222', ipV6: '2001:db8::2:9' },
    ],
    ...contents,
  }
}

function prodEu(contents: Contents): ClusterSpec {
  return {
    clusterId: 'cluster-7klmnopqrst',
    region: 'eu-west-1',
    lineage: 'prod',
    sourceBackupId: 'backup-2eucopy2222',
    preCoPassword: plantedPreCoPassword,
    hsms: [
      { hsmId: 'hsm-7eeeeeeeee1', ip: '10.8.1.4', az: 'eu-west-1a', subnet: 'subnet-0bbb1111' },
      { hsmId: 'hsm-7eeeeeeeee2', ip: '10.8.2.6', az: 'eu-west-1b', subnet: 'subnet-0bbb2222', userIdOffset: 4 },
    ],
    ...contents,
  }
}

function workspace(): SlackSpec {
  const users: SlackUserSpec[] = [
    { id: people.requester, name: 'rita' },
    { id: people.approver, name: 'anna' },
    { id: people.secondApprover, name: 'ben' },
    { id: people.groupApprover, name: 'carla' },
    { id: people.outsider, name: 'otto' },
    { id: people.guest, name: 'gina', flags: { is_restricted: true, is_ultra_restricted: true } },
    { id: people.multiChannelGuest, name: 'gustav', flags: { is_restricted: true } },
    { id: people.bot, name: 'robot', flags: { is_bot: true } },
    { id: people.stranger, name: 'sam', teamId: 'T0OTHER001', flags: { is_stranger: true } },
    { id: people.deactivated, name: 'dora', flags: { deleted: true } },
  ]
  return {
    team: { id: 'T0TEAM0001', domain: 'example-team', name: 'Example Team' },
    users,
    userGroups: [{ id: 'S0BBBBBBB', handle: 'key-custodians', users: [people.groupApprover] }],
    channels: [
      { id: channels.route, name: 'hsm-sync' },
      { id: channels.general, name: 'general' },
      { id: channels.shared, name: 'with-a-partner', isExtShared: true },
      { id: channels.withoutBot, name: 'elsewhere', bot: false },
      { id: channels.private, name: 'custodians', isPrivate: true },
    ],
  }
}
