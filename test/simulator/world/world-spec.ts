import type { Dialect } from '../bin/shared/dialect.mjs'

export type UserType = 'PRECO' | 'PCO' | 'CO' | 'CU' | 'AU'

export interface HsmUserSpec {
  readonly name: string
  readonly type: UserType
  readonly password: string
  readonly loginFailures?: number
  readonly twoFactor?: boolean
}

export interface KeySpec {
  readonly handle: number
  /** Name of the crypto user who owns the key. */
  readonly owner: string
  readonly sharedWith?: readonly string[]
  readonly label?: string
  /** A public key: listed for every user, without a mark. */
  readonly public?: boolean
  /** What the key is, as its check value would show. Same handle with another material = another key. */
  readonly material?: string
  /** As CloudHSM CLI shows it. Default `aes`, for a public key `rsa`. */
  readonly keyType?: string
  /** As CloudHSM CLI shows it. Default `secret-key`, for a public key `public-key`. */
  readonly class?: string
}

/** Per-HSM misbehaviour; can be switched at run time with `world.update`. */
export interface HsmFaults {
  /** Refuses the connection, with the documented time-out line. */
  readonly refuse?: boolean
  /** Connects, but the encrypted session cannot be set up: limited mode, still a prompt. */
  readonly noE2E?: boolean
  /** `info server` answers with this HsmId instead of its own. */
  readonly partition?: string
  /** A failed connect frees its number, so the servers after it move up. */
  readonly renumber?: boolean
}

export interface HsmSpec {
  readonly hsmId: string
  readonly ip?: string
  readonly ipV6?: string
  readonly az: string
  readonly subnet: string
  readonly state?: string
  readonly hsmType?: string
  /** Users and keys of this HSM, where they differ from the cluster's. */
  readonly users?: readonly HsmUserSpec[]
  readonly keys?: readonly KeySpec[]
  /** Shifts the ids of crypto users: user ids are per HSM and never mean the same on two HSMs. */
  readonly userIdOffset?: number
  readonly faults?: HsmFaults
}

export interface ClusterSpec {
  readonly clusterId: string
  readonly region: string
  /** Clusters with one lineage accept each other's masked objects. */
  readonly lineage: string
  readonly state?: string
  readonly hsmType?: string
  readonly sourceBackupId?: string
  readonly preCoPassword?: string
  /** Text of Certificates.ClusterCertificate; null: there is none; absent: one that all of this lineage have. */
  readonly certificate?: string | null
  readonly tags?: Readonly<Record<string, string>>
  readonly hsms: readonly HsmSpec[]
  readonly users: readonly HsmUserSpec[]
  readonly keys: readonly KeySpec[]
}

export interface BackupSpec {
  readonly backupId: string
  readonly region: string
  readonly clusterId: string
  readonly backupState?: string
  readonly sourceRegion?: string
  readonly sourceBackup?: string
  readonly sourceCluster?: string
  readonly hsmType?: string
  readonly mode?: string
}

export interface BastionSpec {
  readonly name: string
  readonly instanceId: string
  readonly region: string
  /** `unmanaged`: SSM has never heard of the instance. */
  readonly ping?: 'Online' | 'ConnectionLost' | 'Inactive' | 'unmanaged'
  readonly platform?: 'Linux' | 'Windows'
  /** Its state folder takes nothing more (bastions in memory only). */
  readonly disk?: 'full'
  /** Programs that are not there: any of the system's, `aws`, `cloudhsm_mgmt_util`, `cloudhsm-cli`, `configure-cli`. */
  readonly missingTools?: readonly string[]
  /** Text of the CMU configuration file; null: there is none; absent: the vendor's, listing one HSM. */
  readonly baseConfig?: string | null
  /** Version of Client SDK 5. Default 5.17.0. */
  readonly clientSdk5?: string
  /**
   * Text of the operator's own cloudhsm-cli.cfg; null: there is none; absent: as `configure-cli -a` of one HSM makes
   * it.
   */
  readonly cliConfig?: string | null
  /** The bastion's role lacks cloudhsm:DescribeClusters. */
  readonly denied?: boolean
  /** Of the SSM agent. Default 3.3.3572.0. */
  readonly agentVersion?: string
  /** What a check finds in place of what is modelled, by name; only for bastions in memory. */
  readonly findings?: Readonly<Record<string, string>>
}

export type SecretSpec = string | { readonly denied: true }

export interface SlackUserSpec {
  readonly id: string
  readonly name: string
  readonly teamId?: string
  /** Flags as `users.info` returns them: is_bot, is_restricted, is_ultra_restricted, is_stranger, deleted… */
  readonly flags?: Readonly<Record<string, boolean>>
  /** `users.info` answers `user_not_visible`. */
  readonly hidden?: boolean
}

export interface SlackUserGroupSpec {
  readonly id: string
  readonly handle: string
  readonly users: readonly string[]
}

export interface SlackChannelSpec {
  readonly id: string
  readonly name: string
  readonly isPrivate?: boolean
  readonly isArchived?: boolean
  readonly isExtShared?: boolean
  readonly isPendingExtShared?: boolean
  readonly isOrgShared?: boolean
  /** Whether the bot is a member. Default true. */
  readonly bot?: boolean
  /** Default: every user of the workspace. */
  readonly members?: readonly string[]
}

export interface SlackSpec {
  readonly team: { readonly id: string; readonly domain: string; readonly name: string }
  readonly users: readonly SlackUserSpec[]
  readonly userGroups: readonly SlackUserGroupSpec[]
  readonly channels: readonly SlackChannelSpec[]
}

/** One planned misbehaviour of a tool on the bastion. */
export interface ToolFault {
  /**
   * First word of the CMU command, for example `syncKey`; `connect` for the start of the session. For CloudHSM CLI the
   * words before the options: `key replicate`, `login`, `interactive` (its start). Or `configure-cli`.
   */
  readonly command: string
  /** The command line must contain this. */
  readonly match?: string
  readonly times?: number
  readonly skip?: number
  readonly do:
    | 'fail' // prints a failure, changes nothing
    | 'mask-error' // non-zero InsertMaskedObject code, changes nothing
    | 'question' // asks R/I/A (or `ask`) and takes the next line of input as the answer
    | 'hang' // never answers
    | 'cut' // does it, prints half of its text and ends
    | 'new-handle' // the key arrives under another handle
    | 'kill' // ends by SIGKILL before doing it (with `after`: when done, before saying so)
    | 'silent-noop' // prints nothing, changes nothing
    | 'lie' // prints success, changes nothing
    | 'delay' // waits `ms`, then does it
    | 'twice' // the key arrives under its own and under another handle
    | 'partial' // CloudHSM CLI: all HSMs of the destination but the last get it, and the answer says so
    | 'bad-json' // CloudHSM CLI: does it, and prints something that is not JSON
    | 'exit' // CloudHSM CLI, configure-cli: does it and says so, but the exit status of the process is 3
  readonly ask?: 'R/I/A' | 'R/B/I' | 'y/n'
  readonly text?: string
  readonly after?: boolean
  readonly ms?: number
}

export interface WorldSpec {
  readonly clusters: readonly ClusterSpec[]
  readonly backups?: readonly BackupSpec[]
  readonly bastions: readonly BastionSpec[]
  /** Secrets Manager secrets by id. */
  readonly secrets?: Readonly<Record<string, SecretSpec>>
  /** SSM SecureString parameters by name. */
  readonly parameters?: Readonly<Record<string, SecretSpec>>
  readonly slack: SlackSpec
  /** Choices that win over the seed's. */
  readonly dialect?: Partial<Dialect>
  readonly toolFaults?: readonly ToolFault[]
  /**
   * Latency in milliseconds by CMU command (`connect`, `loginHSM`, `syncKey`…), by CloudHSM CLI command (`cli start`,
   * `cli login`, `user list`, `key replicate`…) and of `configure-cli`.
   */
  readonly latencyMs?: Readonly<Record<string, number>>
  /** Until a key inserted on one HSM is on the cluster's others; negative: never. Default 0. */
  readonly spreadMs?: number
  /** Regions in which DescribeBackups answers CloudHsmAccessDeniedException. */
  readonly backupsDenied?: readonly string[]
  /** Largest page that DescribeClusters and DescribeBackups return, whatever MaxResults says. */
  readonly pageSize?: number
  readonly ssm?: {
    /** GetCommandInvocation answers InvocationDoesNotExist this many times first. Default by seed: 1 or 2. */
    readonly invisibleCalls?: number
    /** … and for at least this long. Default 0. */
    readonly invisibleMs?: number
    /** How long a command stays Pending. Default 20. */
    readonly pendingMs?: number
  }
}
