/** What a bastion runs. */
export type Platform = 'linux' | 'windows'

/**
 * What Systems Manager calls a platform (DescribeInstanceInformation, PlatformType), and AWS's own document for
 * scripts on it.
 */
export const PLATFORMS: Readonly<Record<Platform, { readonly type: string; readonly document: string }>> = {
  linux: { type: 'Linux', document: 'AWS-RunShellScript' },
  windows: { type: 'Windows', document: 'AWS-RunPowerShellScript' },
}
