// A stand-in for the AWS CLI on a bastion: exactly the two ways to read a credential, or which version of it is there,
// with the instance role.

import { writeSync } from 'node:fs'
import { sha256 } from './shared/late.mjs'
import { recordProcess, recordViolation } from './shared/recording.mjs'
import { openState } from './shared/state-file.mjs'

recordProcess('aws')
const args = process.argv.slice(2)
const actions = { 'secretsmanager get-secret-value': getSecretValue, 'ssm get-parameter': getParameter }

if (args[0] === '--version')
  print('aws-cli/2.15.30 Python/3.11.8 Linux/6.1.82-99.168.amzn2023.x86_64 exe/x86_64.amzn.2023')
else run()

function run() {
  const action = actions[`${args[0]} ${args[1]}`]
  if (action === undefined) {
    usage(`aws: error: argument command: Invalid choice: ${args.slice(0, 2).join(' ')}`)
    return
  }
  const options = parseOptions(args.slice(2))
  if (typeof options === 'string') usage(options)
  else action(options)
}

function getSecretValue(options) {
  if (!allow(options, ['secret-id', 'query', 'output', 'region'])) return
  if (options['secret-id'] === undefined) return usage('aws: error: the following arguments are required: --secret-id')
  if (!['SecretString', 'VersionId'].includes(options.query) || options.output !== 'text') {
    return usage('aws: error: the simulator knows only --query SecretString or VersionId, --output text')
  }
  const value = state().secrets[options['secret-id']]
  answer({
    operation: 'GetSecretValue',
    value: options.query === 'VersionId' && typeof value === 'string' ? versionOf(value) : value,
    missing: ['ResourceNotFoundException', "Secrets Manager can't find the specified secret."],
    denied: `User is not authorized to perform: secretsmanager:GetSecretValue on resource: ${options['secret-id']} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
  })
}

function getParameter(options) {
  if (!allow(options, ['name', 'with-decryption', 'query', 'output', 'region'])) return
  if (options.name === undefined) return usage('aws: error: the following arguments are required: --name')
  if (!['Parameter.Value', 'Parameter.Version'].includes(options.query) || options.output !== 'text') {
    return usage('aws: error: the simulator knows only --query Parameter.Value or Parameter.Version, --output text')
  }
  const value = state().parameters[options.name]
  if (options.query === 'Parameter.Value' && options['with-decryption'] !== true) {
    recordViolation('aws', 'ssm get-parameter without --with-decryption')
    return print('AQICAHh-still-encrypted')
  }
  answer({
    operation: 'GetParameter',
    value:
      options.query === 'Parameter.Version' && typeof value === 'string'
        ? `${Number.parseInt(versionOf(value).slice(0, 7), 16)}`
        : value,
    missing: ['ParameterNotFound', ''],
    denied: `User is not authorized to perform: ssm:GetParameter on resource: ${options.name} because no identity-based policy allows the ssm:GetParameter action`,
  })
}

// Another value is another version; AWS names versions of a secret by a UUID.
function versionOf(value) {
  const digits = sha256(value)
  return [8, 13, 18, 23].reduce((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, digits).slice(0, 36)
}

function answer({ operation, value, missing, denied }) {
  if (typeof value === 'string') return print(value)
  const [code, text] = value === undefined ? missing : ['AccessDeniedException', denied]
  fail(254, `\nAn error occurred (${code}) when calling the ${operation} operation: ${text}`)
}

function parseOptions(words) {
  const options = {}
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (!word.startsWith('--')) return `aws: error: Unknown options: ${word}`
    const [name, inline] = word.slice(2).split(/=(.*)/s)
    if (name === 'with-decryption') options[name] = true
    else options[name] = inline ?? words[++at]
    if (options[name] === undefined) return `aws: error: argument --${name}: expected one argument`
  }
  return options
}

function allow(options, names) {
  const unknown = Object.keys(options).filter((name) => !names.includes(name))
  if (unknown.length > 0) usage(`aws: error: Unknown options: --${unknown.join(', --')}`)
  return unknown.length === 0
}

function state() {
  const file = openState(process.env.SIM_STATE)
  const found = file.read()
  file.close()
  return found
}

function print(text) {
  writeSync(1, `${text}\n`)
}

function usage(text) {
  fail(252, `\nusage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]\n\n${text}`)
}

function fail(code, text) {
  writeSync(2, `${text}\n`)
  process.exitCode = code
}
