import { type ChangeEvent, type FormEvent, type ReactNode, useEffect, useRef } from 'react'
import type { Block, ShownView } from '../seen.ts'
import { ReadBlocks } from './blocks.tsx'
import { usePlay } from './play.ts'

interface Text {
  readonly text: string
}

interface Option {
  readonly value: string
  readonly text: Text
}

interface Element {
  readonly type: string
  readonly action_id: string
  readonly placeholder?: Text
  readonly initial_value?: string
  readonly initial_option?: Option
  readonly options?: readonly Option[]
  readonly multiline?: boolean
  readonly min_length?: number
  readonly max_length?: number
}

/** A window of the bot: what it asks for, and what was wrong with the answer. */
export function Window({ view }: { readonly view: ShownView }): ReactNode {
  const { act } = usePlay()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const close = () => void act({ kind: 'close', view: view.id })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const values: Record<string, Record<string, string>> = {}
    for (const [name, value] of given) {
      const [block = '', action = ''] = name.split('/')
      if (value !== '') values[block] = { [action]: String(value) }
    }
    void act({ kind: 'submit', view: view.id, values })
  }
  return (
    <dialog
      ref={dialog}
      className="window"
      aria-label={view.title}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
    >
      <form onSubmit={submit}>
        <h2>{view.title}</h2>
        <div className="fields">
          {view.blocks.map((block, at) =>
            block.type === 'input' ? (
              <Field key={block.block_id} view={view.id} block={block} error={view.errors[block.block_id ?? '']} />
            ) : (
              <ReadBlocks key={block.block_id ?? `${at}`} blocks={[block]} />
            ),
          )}
        </div>
        <div className="actions end">
          <button type="button" className="slack-button" onClick={close}>
            {view.close}
          </button>
          {view.submit !== undefined && (
            <button type="submit" className="slack-button primary">
              {view.submit}
            </button>
          )}
        </div>
      </form>
    </dialog>
  )
}

interface FieldShown {
  readonly view: string
  readonly block: Block
  readonly error: string | undefined
}

function Field({ view, block, error }: FieldShown): ReactNode {
  const { act } = usePlay()
  const label = (block.label as Text).text
  const hint = (block.hint as Text | undefined)?.text
  const element = block.element as Element
  const id = `${block.block_id}/${element.action_id}`
  const choose = (value: string) => act({ kind: 'choose', view, action: element.action_id, value })
  const notes = [...(hint === undefined ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])]
  const about = {
    name: id,
    'aria-describedby': notes.join(' ') || undefined,
    'aria-invalid': error === undefined ? undefined : true,
    required: block.optional !== true,
    ...(block.dispatch_action === true
      ? { onChange: (event: ChangeEvent<HTMLSelectElement>) => void choose(event.target.value) }
      : {}),
  }
  const below = (
    <>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="error" role="alert">
          {error}
        </p>
      )}
    </>
  )
  if (element.type === 'radio_buttons')
    return (
      <fieldset className="field">
        <legend>{label}</legend>
        {(element.options ?? []).map(({ value, text }) => (
          <label key={value} className="choice">
            <input
              type="radio"
              name={id}
              value={value}
              defaultChecked={element.initial_option?.value === value}
              required={block.optional !== true}
            />{' '}
            {text.text}
          </label>
        ))}
        {below}
      </fieldset>
    )
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {block.optional === true && <span className="quiet"> (optional)</span>}
      </label>
      <Input id={id} element={element} about={about} />
      {below}
    </div>
  )
}

interface InputShown {
  readonly id: string
  readonly element: Element
  readonly about: Readonly<Record<string, unknown>>
}

function Input({ id, element, about }: InputShown): ReactNode {
  const { type, placeholder, initial_value: initial, options = [], initial_option: chosen } = element
  if (type === 'static_select')
    return (
      <select id={id} {...about} defaultValue={chosen?.value ?? ''}>
        <option value="" disabled>
          {placeholder?.text ?? 'Choose'}
        </option>
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text.text}
          </option>
        ))}
      </select>
    )
  const limits = { minLength: element.min_length, maxLength: element.max_length }
  if (element.multiline)
    return <textarea id={id} {...about} {...limits} rows={3} placeholder={placeholder?.text} defaultValue={initial} />
  return <input id={id} type="text" {...about} {...limits} placeholder={placeholder?.text} defaultValue={initial} />
}
