import { type ReactNode, useRef, useState } from 'react'
import { Message, type MessageProps } from 'slack-blocks-to-jsx'
import type { Block } from '../seen.ts'
import { usePlay } from './play.ts'

/** What a button of a message or a window does. */
export type Press = (action: string) => Promise<void>

interface Button {
  readonly action_id: string
  readonly text: { readonly text: string }
  readonly style?: 'primary' | 'danger'
  readonly confirm?: Confirm
}

interface Confirm {
  readonly title: { readonly text: string }
  readonly text: { readonly text: string }
  readonly confirm: { readonly text: string }
  readonly deny: { readonly text: string }
}

/**
 * Blocks as Slack draws them: the library draws what is only read, this page what is pressed, and the table that the
 * library does not know.
 */
export function Blocks({ blocks, press }: { readonly blocks: readonly Block[]; readonly press: Press }): ReactNode {
  return grouped(blocks).map((group, at) => {
    const [first] = group
    const key = first?.block_id ?? `${at}`
    if (first?.type === 'actions') return <Actions key={key} block={first} press={press} />
    if (first?.type === 'data_table') return <DataTable key={key} block={first} />
    return <ReadBlocks key={key} blocks={group} />
  })
}

const OWN = new Set(['actions', 'data_table'])

/** Neighbours that the library draws stay together. */
function grouped(blocks: readonly Block[]): readonly (readonly Block[])[] {
  const groups: Block[][] = []
  for (const block of blocks) {
    const last = groups.at(-1)
    if (last?.[0] && !OWN.has(block.type) && !OWN.has(last[0].type)) last.push(block)
    else groups.push([block])
  }
  return groups
}

export function ReadBlocks({ blocks }: { readonly blocks: readonly Block[] }): ReactNode {
  const { seen, follow } = usePlay()
  const data = {
    users: seen.people.map(({ id, name }) => ({ id, name })),
    channels: seen.channels.map(({ id, name }) => ({ id, name })),
    user_groups: seen.userGroups.map(({ id, name }) => ({ id, name })),
  }
  return (
    <Message
      blocks={withMarkup(blocks) as MessageProps['blocks']}
      name=""
      logo=""
      theme="light"
      withoutWrapper
      data={data}
      hooks={{
        date: ({ timestamp, fallback }) => <Time at={Number(timestamp)} fallback={fallback} />,
        link: ({ href, children }) => <CardLink href={href} text={children} follow={follow} />,
      }}
    />
  )
}

/** To Slack `verbatim` means that it makes no links by itself; the library would show the markup as it is. */
function withMarkup(blocks: readonly Block[]): unknown {
  return JSON.parse(JSON.stringify(blocks, (name, value: unknown) => (name === 'verbatim' ? undefined : value)))
}

interface LinkShown {
  readonly href: string
  readonly text: ReactNode
  readonly follow: (link: string) => void
}

function CardLink({ href, text, follow }: LinkShown): ReactNode {
  return (
    <a
      href={href}
      onClick={(event) => {
        event.preventDefault()
        follow(href)
      }}
    >
      {text}
    </a>
  )
}

function Time({ at, fallback }: { readonly at: number; readonly fallback: string }): ReactNode {
  const date = new Date(at * 1000)
  const text = date.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
  return (
    <time dateTime={date.toISOString()} title={fallback}>
      {text}
    </time>
  )
}

function Actions({ block, press }: { readonly block: Block; readonly press: Press }): ReactNode {
  const buttons = (block.elements ?? []) as readonly Button[]
  return (
    <div className="actions">
      {buttons.map((button) => (
        <ActionButton key={button.action_id} button={button} press={press} />
      ))}
    </div>
  )
}

function ActionButton({ button, press }: { readonly button: Button; readonly press: Press }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const { confirm } = button
  const [isBusy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    await press(button.action_id).finally(() => setBusy(false))
  }
  return (
    <>
      <button
        type="button"
        className={`slack-button ${button.style ?? ''}`}
        disabled={isBusy}
        onClick={() => (confirm ? dialog.current?.showModal() : void go())}
      >
        {button.text.text}
      </button>
      {confirm && (
        <dialog ref={dialog} className="confirm" aria-label={confirm.title.text}>
          <h2>{confirm.title.text}</h2>
          <p>{confirm.text.text}</p>
          <div className="actions end">
            <button type="button" className="slack-button" onClick={() => dialog.current?.close()}>
              {confirm.deny.text}
            </button>
            <button
              type="button"
              className={`slack-button ${button.style ?? 'primary'}`}
              onClick={() => {
                dialog.current?.close()
                void go()
              }}
            >
              {confirm.confirm.text}
            </button>
          </div>
        </dialog>
      )}
    </>
  )
}

function DataTable({ block }: { readonly block: Block }): ReactNode {
  const rows = (block.rows ?? []) as readonly (readonly { readonly text: string }[])[]
  const size = Number(block.page_size ?? 5)
  const [page, setPage] = useState(0)
  const [head = [], ...body] = rows
  const pages = Math.max(1, Math.ceil(body.length / size))
  return (
    // A wide table is scrolled, with the keyboard too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable (axe: scrollable-region-focusable)
    <section className="data-table" tabIndex={0} aria-label={String(block.caption)}>
      <table>
        <caption>{String(block.caption)}</caption>
        <thead>
          <tr>
            {head.map(({ text }) => (
              <th key={text} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.slice(page * size, page * size + size).map((row) => (
            <tr key={row.map(({ text }) => text).join('|')}>
              {row.map(({ text }, at) => (
                <td key={head[at]?.text}>{text}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {pages > 1 && (
        <div className="pages">
          <button type="button" className="slack-button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Previous
          </button>
          <span>
            Page {page + 1} of {pages}
          </span>
          <button type="button" className="slack-button" disabled={page >= pages - 1} onClick={() => setPage(page + 1)}>
            Next
          </button>
        </div>
      )}
    </section>
  )
}
