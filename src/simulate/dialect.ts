/** Why a provider has no part in requests of this dialect, in the words of the gateway, which serves none in another. */
export function whyUnfit(
  dialects: Readonly<Record<string, string>>,
  dialect: string,
  provider: string,
): string | undefined {
  const spoken = dialects[provider] ?? dialect
  return spoken === dialect ? undefined : `speaks the dialect ${spoken}, and this request is in ${dialect}`
}
