import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2'
import { SSMClient } from '@aws-sdk/client-ssm'
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import { NodeHttpHandler } from '@aws-sdk/node-http-handler'
import type { Access } from '../../domain/route.ts'
import { direct, type Network } from '../network.ts'

const CONNECT_MS = 5_000
const ANSWER_MS = 15_000

type AwsCredentialIdentityProvider = ReturnType<typeof fromTemporaryCredentials>

export interface AwsSettings {
  /** Replaces every AWS endpoint; the CloudHSM client does not read AWS_ENDPOINT_URL by itself. */
  readonly endpoint: string | undefined
}

/** One client per Region, service and role, made when first needed. `access`: the role; absent: the bot's own. */
export interface AwsClients {
  hsm(region: string, access?: Access): CloudHSMV2Client
  /** For calls that only read: the SDK may repeat them. */
  ssm(region: string, access?: Access): SSMClient
  /**
   * For SendCommand, which has no idempotency token: one attempt, ever. On a connection of its own: an idle one may be
   * closed in the moment it is used again, and then nobody knows whether the command was taken.
   */
  ssmOnce(region: string, access?: Access): SSMClient
}

export function awsClients({ endpoint }: AwsSettings, { agents }: Pick<Network, 'agents'> = direct): AwsClients {
  const common = endpoint === undefined ? {} : { endpoint }
  const limits = { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS }
  const requestHandler = { ...limits, ...agents({ keepAlive: true }) }
  const fresh = {
    ...limits,
    httpAgent: { keepAlive: false },
    httpsAgent: { keepAlive: false },
    ...agents({ keepAlive: false }),
  }
  /** Renewed by the clients before they expire. */
  const credentials = once(
    (region, { roleArn, externalId }: Access): AwsCredentialIdentityProvider =>
      takenOn(
        roleArn,
        fromTemporaryCredentials({
          params: {
            RoleArn: roleArn,
            RoleSessionName: 'hsm-sync-bot',
            ...(externalId === undefined ? {} : { ExternalId: externalId }),
          },
          clientConfig: { ...common, region, requestHandler, maxAttempts: 3 },
        }),
      ),
  )
  const as = (region: string, access: Access | undefined) =>
    access ? { ...common, region, credentials: credentials(region, access) } : { ...common, region }
  return {
    // This client is of before handlers could be described: it takes one that is made.
    hsm: once(
      (region, access) =>
        new CloudHSMV2Client({
          ...as(region, access),
          requestHandler: new NodeHttpHandler(agents({ keepAlive: true })),
          maxAttempts: 3,
        }),
    ),
    ssm: once((region, access) => new SSMClient({ ...as(region, access), requestHandler, maxAttempts: 3 })),
    ssmOnce: once((region, access) => new SSMClient({ ...as(region, access), requestHandler: fresh, maxAttempts: 1 })),
  }
}

/** Without credentials a call never leaves, whatever STS said: the SDK's own name for that. */
function takenOn(roleArn: string, provider: AwsCredentialIdentityProvider): AwsCredentialIdentityProvider {
  return async (options) => {
    try {
      return await provider(options)
    } catch (error) {
      const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const problem = new Error(`the role ${roleArn} cannot be taken on: ${why}`, { cause: error })
      problem.name = 'CredentialsProviderError'
      throw problem
    }
  }
}

function once<Client, With extends Access | undefined>(
  make: (region: string, access: With) => Client,
): (region: string, access: With) => Client {
  const made = new Map<string, Client>()
  return (region, access) => {
    const name = `${region} ${access?.roleArn ?? ''} ${access?.externalId ?? ''}`
    const client = made.get(name) ?? make(region, access)
    made.set(name, client)
    return client
  }
}
