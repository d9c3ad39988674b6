import type { ReactNode } from 'react'
import type { HsmRow, ShownLever } from '../seen.ts'
import { usePlay } from './play.ts'

/** What Slack does not show: the HSMs as they are, and what can go wrong with everything around the bot. */
export function World(): ReactNode {
  const { seen } = usePlay()
  const { world, levers, bot, violations } = seen
  return (
    <aside className="world" aria-label="Behind the scenes">
      <h2>The HSMs, as they are</h2>
      <p className="quiet">Nobody in Slack sees this. One mark per HSM.</p>
      <p>
        {world.clusters.map(({ alias, state, hsms }) => (
          <span key={alias} className="cluster">
            <strong>{alias}</strong> {state}, {hsms.length} HSMs
          </span>
        ))}
      </p>
      <Rows caption="Users" rows={world.users} aliases={world.clusters.map(({ alias }) => alias)} />
      <Rows caption="Keys" rows={world.keys} aliases={world.clusters.map(({ alias }) => alias)} />
      <h2>The bad day</h2>
      <p role="status">
        The bot is <strong>{bot}</strong>.
      </p>
      <ul className="levers">
        {levers.map((lever) => (
          <Lever key={lever.name} lever={lever} />
        ))}
      </ul>
      <h2>What a real vendor would object to</h2>
      {violations.length === 0 ? (
        <p className="quiet">Nothing so far.</p>
      ) : (
        <ul>
          {violations.map((violation) => (
            <li key={violation}>{violation}</li>
          ))}
        </ul>
      )}
    </aside>
  )
}

function Lever({ lever: { name, label, hint, isOn } }: { readonly lever: ShownLever }): ReactNode {
  const { act } = usePlay()
  return (
    <li>
      <button
        type="button"
        className="slack-button"
        aria-pressed={isOn}
        onClick={() => void act({ kind: 'lever', name })}
      >
        {label}
      </button>
      <span className="quiet">{hint}</span>
    </li>
  )
}

interface RowsShown {
  readonly caption: string
  readonly rows: readonly HsmRow[]
  readonly aliases: readonly string[]
}

function Rows({ caption, rows, aliases }: RowsShown): ReactNode {
  return (
    <table className="marks">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{caption === 'Users' ? 'name' : 'handle'}</th>
          {aliases.map((alias) => (
            <th key={alias} scope="col">
              {alias}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, about, isThere }) => (
          <tr key={name} className={isThere.flat().every(Boolean) ? '' : 'lacking'}>
            <th scope="row">
              {name} <span className="quiet">{about}</span>
            </th>
            {isThere.map((marks, at) => (
              <td key={aliases[at]}>
                <span aria-hidden="true">{marks.map((mark) => (mark ? '●' : '○')).join(' ')}</span>
                <span className="unseen">
                  on {marks.filter(Boolean).length} of {marks.length}
                </span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
