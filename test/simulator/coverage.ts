/** How far the simulator goes for one call. `refused` means: answered with the vendor's error, and a violation. */
export interface Coverage {
  readonly level: 'supported' | 'refused'
  /** What is left out, or why it is refused. */
  readonly note: string
}

type Matrix = Readonly<Record<string, Coverage>>

const supported = (note = ''): Coverage => ({ level: 'supported', note })
const refused = (note: string): Coverage => ({ level: 'refused', note })

/** Which calls of each vendor exist here; a test holds it against what the simulator really does. */
export const coverage = {
  slack: {
    'auth.test': supported(),
    'chat.postMessage': supported('no attachments, no direct messages'),
    'chat.update': supported(),
    'chat.delete': supported(),
    'chat.postEphemeral': supported(),
    'chat.getPermalink': supported(),
    'conversations.info': supported(),
    'conversations.history': supported(),
    'conversations.replies': supported(),
    'views.open': supported('modals only'),
    'views.push': supported('modals only'),
    'views.update': supported('modals only'),
    'users.info': supported(),
    'usergroups.users.list': supported(),
    'files.getUploadURLExternal': supported(),
    'files.completeUploadExternal': supported('shared at once; Slack takes a moment'),
    'apps.connections.open': supported(),
    'views.publish': refused('no App Home'),
    'conversations.join': refused('the bot is invited by people'),
    'conversations.open': refused('no direct messages'),
    'users.lookupByEmail': refused('e-mail is no identity'),
    'files.upload': refused('sunset 2025-11-12'),
    'blocks.validate': refused('needs real Slack'),
  },
  awsSsm: {
    SendCommand: supported('one instance, AWS-RunShellScript; no S3, SNS or CloudWatch output'),
    GetCommandInvocation: supported(),
    ListCommands: supported(),
    CancelCommand: supported(),
    DescribeInstanceInformation: supported('filter InstanceIds only'),
    ListCommandInvocations: refused('GetCommandInvocation is used'),
    StartSession: refused('no interactive sessions'),
    GetParameter: refused('secrets are read on the bastion'),
  },
  awsCloudHsm: {
    DescribeClusters: supported(),
    DescribeBackups: supported('filter neverExpires is ignored'),
    ListTags: refused('not needed'),
    CreateHsm: refused('the bot only reads'),
    DeleteCluster: refused('the bot only reads'),
  },
  cmu: {
    quit: supported('also at the end of the input'),
    server: supported(),
    exit: supported(),
    help: supported(),
    info: supported('info server <id>'),
    loginHSM: supported('no -2fa; -hpswd fails, as there is no terminal'),
    logoutHSM: supported(),
    listUsers: supported(),
    findAllKeys: supported('id 0 lists every key'),
    syncUser: supported(),
    syncKey: supported(),
    getHSMInfo: supported('the fields that matter'),
    getAttribute: supported('label and check value'),
    createUser: supported('asks, never does it, and is a violation'),
    deleteUser: supported('asks, never does it, and is a violation'),
    changePswd: supported('asks, never does it, and is a violation'),
    shareKey: supported('asks, never does it, and is a violation'),
    setAttribute: supported('asks, never does it, and is a violation'),
    enable_e2e: refused('old clients only'),
    listU: refused('short forms belong to sibling products'),
    getKeyInfo: refused('needs a crypto user'),
    registerQuorumPubKey: refused('quorum set-up is a person’s work'),
  },
  awsCli: {
    '--version': supported(),
    'secretsmanager get-secret-value': supported('--query SecretString --output text'),
    'ssm get-parameter': supported('--with-decryption --query Parameter.Value --output text'),
    'secretsmanager list-secrets': refused('not needed'),
    'sts get-caller-identity': refused('not needed'),
    's3 cp': refused('not needed'),
  },
} as const satisfies Record<string, Matrix>
