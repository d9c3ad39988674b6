import type { Stop } from '../../../domain/step.ts'
import { plain } from './text.ts'

/** Why a run stopped, and what to do next. */
export function stopText(stop: Stop): { readonly what: string; readonly next: string } {
  const detail = plain(stop.detail, 400)
  switch (stop.code) {
    case 'not-connected':
      return {
        what: `The tool did not connect to every HSM: ${detail}`,
        next: 'Check the security groups and routes for port 2225 between bastion and HSMs, then ask again.',
      }
    case 'not-encrypted':
      return {
        what: `End-to-end encryption is not on for every HSM: ${detail}`,
        next: 'Check that customerCA.crt on the bastion is the one that signed both clusters, then ask again.',
      }
    case 'wrong-partition':
      return {
        what: `The HSM behind an address is not the approved one: ${detail}`,
        next: 'Do not ask again before it is clear why: source and destination could be swapped.',
      }
    case 'other-hsms':
      return {
        what: `The tool is configured for, or connected to, other HSMs than were approved: ${detail}`,
        next: 'Was an HSM added, replaced or taken away in the meantime? Then ask again; otherwise find out why first.',
      }
    case 'login-failed':
      return {
        what: `A login failed: ${detail}`,
        next: 'I do not try again: five failures lock the account. Check the secret, and that the same password holds on both clusters.',
      }
    case 'login-risk':
      return {
        what: `I did not log in, because five failures lock an account: ${detail}`,
        next: 'Log in by hand with the right password (that resets the count on the HSM; one that the bastion keeps is a file to remove), or have a locked account reset, then ask again.',
      }
    case 'login-unsure':
      return {
        what: `A command failed in a way that may be a failed login, so nothing logs in any more: ${detail}`,
        next: 'Look at the transcript and check the secret first: five failures lock the account.',
      }
    case 'second-factor':
      return {
        what: `I did not log in: a user that I would log in as has a second factor, which needs a person: ${detail}`,
        next: 'Name a user without a second factor in the secret, one that is there for syncs only, then ask again.',
      }
    case 'no-officer':
      return {
        what: `I did not log in: ${detail}`,
        next: 'The secret must name a crypto officer that both clusters have, under one name and with one password; then ask again.',
      }
    case 'question':
      return {
        what: `The tool asked a question, and I never answer one: ${detail}`,
        next: 'If it is about a quorum, this crypto officer cannot be used for syncs without people present.',
      }
    case 'no-answer':
      return {
        what: `The tool stopped answering: ${detail}`,
        next: 'Look at the transcript and at the HSMs before you ask again.',
      }
    case 'unreadable':
      return {
        what: `I could not read ${detail}`,
        next: 'The transcript shows what the tool printed. Without a readable listing I count nothing as done.',
      }
    case 'users-changed':
      return {
        what: `Somebody changed users while the run was going: ${detail}`,
        next: 'Ask again when that work is finished.',
      }
    case 'inconsistent':
      return {
        what: `The HSMs of a cluster do not agree: ${detail}`,
        next: 'Repair that cluster first (CloudHSM CLI says `inconsistent` where its HSMs differ), then ask again.',
      }
    case 'partial-view':
      return {
        what: `The administrator does not see every key, so a comparison would leave some out: ${detail}`,
        next: 'Without an administrator who sees all keys they cannot be compared: ask for users only, or compare keys by hand.',
      }
    case 'unknown-failure':
      return {
        what: `The tool gave a failure its manual does not explain, so nothing more was sent: ${detail}`,
        next: 'Look at the transcript; ask again when the cause is gone.',
      }
    case 'tool-refused':
      return {
        what: `The tool did not do what it was asked: ${detail}`,
        next: 'Look at the transcript: the connection from the bastion to every HSM, or the version of the tool, may be the cause.',
      }
    case 'canary-effect':
      return {
        what: `The first key did not have exactly the expected effect, so no other key was tried. ${detail}`,
        next: 'Compare both clusters by hand before you ask again: a comparison by handles may not hold here.',
      }
    case 'batch-failed':
      return {
        what: `Every key that was tried failed, so I stopped. The tool said: ${detail}`,
        next: 'Look at the transcript; ask again when the cause is gone.',
      }
    case 'bastion-refused':
      return { what: `The bastion refused the step: ${detail}`, next: 'The operator must look at the bastion.' }
    case 'not-configured':
      return {
        what: `The bastion could not configure the tool for both clusters: ${detail}`,
        next: "Check the bastion's role (cloudhsm:DescribeClusters) and its way to the CloudHSM API of each Region, then ask again.",
      }
    case 'bastion-busy':
      return {
        what: `Another sync for this destination is running on the bastion: ${detail}`,
        next: 'Ask again when it has ended. If no bot of yours runs it, find out whose it is.',
      }
    case 'credentials':
      return {
        what: `The bastion could not get the credentials: ${detail}`,
        next: "Check the secret and the bastion's instance role.",
      }
    case 'not-executed':
      return {
        what: `A step was not done, several times in a row; it tried no login: ${detail}`,
        next: 'Check the bastion in Systems Manager, then ask again.',
      }
    case 'lost':
      return { what: `I could not find out how a step ended: ${detail}`, next: 'A person must look at the HSMs.' }
    case 'not-approved':
      return {
        what: `What would run next is not what was approved: ${detail}`,
        next: 'Ask again: the fresh request shows what would run now.',
      }
    case 'interrupted':
      return { what: `I stopped writing: ${detail}`, next: 'Ask again: only what is still missing will be tried.' }
    case 'broken':
      return {
        what: `I could not go on with this run, for a reason in me: ${detail}`,
        next: 'The operator must look at my log. If something may have been written, a person must look at the HSMs too.',
      }
    case 'could-not-check':
      return {
        what: 'I could not check, right before the run, that it would be what was approved.',
        next: 'Ask again when that works.',
      }
    default:
      return stop.code satisfies never
  }
}
