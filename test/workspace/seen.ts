/** What one person sees of the workspace, as the page gets it; types only, for the server and the page. */

export type Block = Readonly<Record<string, unknown>> & { readonly type: string; readonly block_id?: string }

export interface ShownFile {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly content: string
}

export interface ShownMessage {
  readonly ts: string
  readonly text: string
  readonly blocks: readonly Block[]
  readonly files: readonly ShownFile[]
  readonly isEdited: boolean
  /** Only this person sees it. */
  readonly isPrivate: boolean
  readonly thread: readonly ShownMessage[]
}

export interface ShownChannel {
  readonly id: string
  readonly name: string
  readonly isDirect: boolean
  /** Oldest first, what is private among them. */
  readonly messages: readonly ShownMessage[]
}

export interface ShownView {
  readonly id: string
  readonly title: string
  readonly submit: string | undefined
  readonly close: string
  readonly blocks: readonly Block[]
  /** By block_id. */
  readonly errors: Readonly<Record<string, string>>
}

export interface ShownCommand {
  readonly command: string
  readonly hint: string
  readonly description: string
}

/** One mark per HSM of each cluster. */
export interface HsmRow {
  readonly name: string
  readonly about: string
  readonly isThere: readonly (readonly boolean[])[]
}

export interface ShownWorld {
  readonly clusters: readonly { readonly alias: string; readonly state: string; readonly hsms: readonly string[] }[]
  readonly users: readonly HsmRow[]
  readonly keys: readonly HsmRow[]
}

export interface ShownLever {
  readonly name: string
  readonly label: string
  readonly hint: string
  /** It stands: pressed again it is taken back. `undefined`: it does something once. */
  readonly isOn?: boolean
}

export interface ShownPerson {
  readonly id: string
  readonly name: string
  readonly part: string
}

export interface Seen {
  readonly person: ShownPerson
  readonly people: readonly ShownPerson[]
  readonly userGroups: readonly { readonly id: string; readonly name: string }[]
  readonly channels: readonly ShownChannel[]
  /** The newest open window. */
  readonly view: ShownView | undefined
  /** Absent until it was opened. */
  readonly home: readonly Block[] | undefined
  readonly commands: readonly ShownCommand[]
  readonly shortcuts: readonly { readonly name: string; readonly callbackId: string }[]
  readonly world: ShownWorld
  readonly levers: readonly ShownLever[]
  readonly bot: 'up' | 'starting' | 'down'
  /** What Slack, AWS or a tool would object to. */
  readonly violations: readonly string[]
}

/** What a person does. */
export type Deed =
  | { readonly kind: 'type'; readonly channel: string; readonly text: string }
  | { readonly kind: 'click'; readonly channel: string; readonly ts: string; readonly action: string }
  | {
      readonly kind: 'submit'
      readonly view: string
      readonly values: Readonly<Record<string, Record<string, string>>>
    }
  | { readonly kind: 'choose'; readonly view: string; readonly action: string; readonly value: string }
  | { readonly kind: 'close'; readonly view: string }
  | { readonly kind: 'shortcut'; readonly callbackId: string }
  | { readonly kind: 'home' }
  | { readonly kind: 'lever'; readonly name: string }
