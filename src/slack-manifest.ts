import { SYNC_SHORTCUT } from './adapters/slack/views/actions.ts'

/** How Slack reaches the bot. */
export type ManifestMode =
  | { readonly kind: 'http' /** The bot's public address, without a path. */; readonly url: string }
  | { readonly kind: 'socket' }

/** Each scope of the bot token, and what for. */
export const BOT_SCOPES = {
  commands: 'the slash commands',
  'chat:write': 'card, thread and private answers',
  'files:write': 'merged config and transcript into the thread',
  'users:read': 'who clicks: guests, bots and strangers are refused',
  'usergroups:read': 'approvers by user group, read at the moment of the click',
  'channels:read': 'is the channel shared with another company, is the bot in it',
  'groups:read': 'the same for private channels',
  'channels:history': 'after a crash: was this message posted already',
  'groups:history': 'the same for private channels',
} as const

const COMMANDS: readonly { readonly command: string; readonly description: string; readonly usage?: string }[] = [
  {
    command: '/hsm-ips',
    description: 'Show the HSMs of a cluster and their ENI IPs, or whether two clusters are clones',
    usage: '<cluster> [<cluster>]',
  },
  {
    command: '/hsm-sync',
    description: 'Ask to copy missing users and keys from one cluster to its clone',
    usage: '<source> <destination> [users=all|none|a,b] [keys=all|none|7,262162] [mode=sync|plan] <reason>',
  },
  {
    command: '/hsm-requests',
    description: 'List requests, show one with its history, or decide one without its buttons',
    usage: '[open|mine|<id> [approve <digest>|reject <reason>|withdraw]]',
  },
  {
    command: '/hsm-status',
    description: 'How the routes stand: in sync or behind, the last run, what is open',
    usage: '[<cluster>]',
  },
  {
    command: '/hsm-freeze',
    description: 'The brake: nothing starts any more, and runs end between batches',
    usage: '<reason>',
  },
  { command: '/hsm-unfreeze', description: 'Lifts the brake: what is approved may start again' },
  { command: '/hsm-help', description: 'The commands, and the routes you may use' },
]

/**
 * The app's manifest as Slack takes it. manifest.yml is this for HTTP at an example's address; a test compares them.
 */
export function slackManifest(mode: ManifestMode): object {
  const url = mode.kind === 'http' ? `${mode.url.replace(/\/+$/, '')}/slack/events` : undefined
  return {
    _metadata: { major_version: 1 },
    display_information: {
      name: 'HSM Sync',
      description: "Keeps cloned AWS CloudHSM clusters in sync under a second person's eyes",
      background_color: '#1d3557',
    },
    features: {
      // Direct messages are the bot's only.
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      bot_user: { display_name: 'hsm-sync', always_online: true },
      shortcuts: [
        {
          name: 'Request a sync',
          type: 'global',
          callback_id: SYNC_SHORTCUT,
          description: 'Opens the form of /hsm-sync',
        },
      ],
      slash_commands: COMMANDS.map(({ command, description, usage }) => ({
        command,
        ...(url === undefined ? {} : { url }),
        description,
        ...(usage === undefined ? {} : { usage_hint: usage }),
        should_escape: false,
      })),
    },
    oauth_config: { scopes: { bot: Object.keys(BOT_SCOPES) } },
    settings: {
      event_subscriptions: { ...(url === undefined ? {} : { request_url: url }), bot_events: ['app_home_opened'] },
      interactivity: { is_enabled: true, ...(url === undefined ? {} : { request_url: url }) },
      org_deploy_enabled: false,
      socket_mode_enabled: mode.kind === 'socket',
      token_rotation_enabled: false,
    },
  }
}
