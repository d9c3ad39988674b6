import type { EnvironmentSchema } from './config.ts'

type Variable = keyof typeof EnvironmentSchema.shape

/** `open`: without it the bot does not start, so it stands there to be filled in. */
type Explained = { readonly why: string } & ({ readonly open: true } | { readonly example: string })

/** A new variable does not compile until it is explained here. */
const EXPLAINED: Readonly<Record<Variable, Explained>> = {
  SLACK_BOT_TOKEN: { why: "The Slack app's bot token, xoxb-…", open: true },
  SLACK_SIGNING_SECRET: {
    why: 'Checks that requests come from Slack. Needed in HTTP mode; leave it empty for Socket Mode.',
    open: true,
  },
  SLACK_APP_TOKEN: { why: 'The app-level token, xapp-… When it is set the bot uses Socket Mode.', example: '' },
  SLACK_API_URL: { why: "Another address of Slack's Web API.", example: 'https://slack.com/api/' },
  HOST: { why: 'Where to listen. Left out: all addresses.', example: '127.0.0.1' },
  PORT: { why: 'For Slack, /healthz, /readyz and /metrics.', example: '3000' },
  METRICS_PORT: { why: 'A port of their own for /healthz, /readyz and /metrics.', example: '9090' },
  DATABASE_URL: { why: 'sqlite:<path>, or postgres://… for several replicas.', example: 'sqlite:data/bot.sqlite' },
  BOT_CONFIG: { why: 'Where config.yml is.', example: 'config.yml' },
  LOG_LEVEL: { why: 'trace, debug, info, warn, error, fatal or silent.', example: 'info' },
  AUDIT_STREAM: { why: 'Each row of the record as a JSON line on standard output, as it is made.', example: 'stdout' },
  AWS_ENDPOINT_URL: { why: 'Another address for every AWS call.', example: 'https://aws.example.com' },
  HTTPS_PROXY: { why: 'A proxy for everything that goes to Slack and AWS.', example: 'http://proxy.example.com:3128' },
  HTTP_PROXY: { why: 'The same for addresses without TLS.', example: 'http://proxy.example.com:3128' },
  NO_PROXY: { why: 'Hosts that are reached directly, separated by commas.', example: '169.254.169.254' },
}

const HEAD = `# Environment of HSM Sync: copy this to .env, fill it in, and keep that out of version control.
# AWS credentials come from AWS's own variables or roles. What begins with # may be left out.
# A shell that loads it wants single quotes around values with & or other signs of its own.
`

/** .env.example: every variable with its explanation, and no secret. */
export function environmentText(): string {
  const parts = Object.entries(EXPLAINED).map(([name, explained]) =>
    'open' in explained ? `# ${explained.why}\n${name}=\n` : `# ${explained.why}\n# ${name}=${explained.example}\n`,
  )
  return [HEAD, ...parts].join('\n')
}
