/** A string of at most so many characters, as Slack's schema has them. */
const text = (maxLength: number, rest: object = {}) => ({ type: 'string', minLength: 1, maxLength, ...rest })
const flag = { type: 'boolean' }
const closed = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const list = (items: object, rest: object = {}) => ({ type: 'array', items, uniqueItems: true, ...rest })
const https = text(3000, { pattern: '^https://' })

/**
 * What Slack's published manifest schema says of the parts this app uses or could use. Objects are
 * closed: a key that is not here is wrong.
 */
export const manifestRules = closed(
  {
    $schema: text(255),
    _metadata: closed({ major_version: { enum: [1, 2] }, minor_version: { type: 'integer' } }),
    display_information: closed(
      {
        name: text(35),
        description: text(140),
        long_description: { type: 'string', minLength: 175, maxLength: 4000 },
        background_color: { type: 'string', pattern: '^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$' },
      },
      ['name'],
    ),
    features: closed({
      app_home: closed({
        home_tab_enabled: flag,
        messages_tab_enabled: flag,
        messages_tab_read_only_enabled: flag,
      }),
      bot_user: closed({ display_name: text(80, { pattern: '^[a-z0-9-_. ]+$' }), always_online: flag }, [
        'display_name',
      ]),
      shortcuts: list({ type: 'object' }, { maxItems: 10 }),
      slash_commands: list(
        closed(
          {
            command: text(32, { pattern: '^/[a-z0-9_-]+$' }),
            url: https,
            description: text(2000),
            usage_hint: text(1000),
            should_escape: flag,
          },
          ['command', 'description'],
        ),
        { minItems: 1, maxItems: 50 },
      ),
    }),
    oauth_config: closed({
      scopes: closed({
        bot: list(text(255), { maxItems: 255 }),
        user: list(text(255), { maxItems: 255 }),
        bot_optional: list(text(255)),
        user_optional: list(text(255)),
      }),
      redirect_urls: list(https, { maxItems: 1000 }),
      token_management_enabled: flag,
      pkce_enabled: flag,
    }),
    settings: closed({
      interactivity: closed({ is_enabled: flag, request_url: https, message_menu_options_url: https }, ['is_enabled']),
      event_subscriptions: closed({
        request_url: https,
        bot_events: list(text(255), { maxItems: 100 }),
        user_events: list(text(255), { maxItems: 100 }),
        metadata_subscriptions: list({ type: 'object' }),
      }),
      socket_mode_enabled: flag,
      org_deploy_enabled: flag,
      token_rotation_enabled: flag,
      allowed_ip_address_ranges: list({ type: 'string' }, { maxItems: 10 }),
      is_hosted: flag,
      function_runtime: { type: 'string' },
      is_mcp_enabled: flag,
    }),
  },
  ['display_information'],
)

/**
 * The bot scopes each Web API method of this app needs, from Slack's method pages. Public and private channels need one
 * each.
 */
export const scopesOf: Readonly<Record<string, readonly string[]>> = {
  // No bot scope: blocks.validate needs none, apps.connections.open takes the app-level token.
  'blocks.validate': [],
  'apps.connections.open': [],
  'auth.test': [],
  'chat.getPermalink': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'files.completeUploadExternal': ['files:write'],
  'files.getUploadURLExternal': ['files:write'],
  'usergroups.users.list': ['usergroups:read'],
  'users.info': ['users:read'],
  'views.open': [],
  'views.publish': [],
  'views.push': [],
  'views.update': [],
}
