import type { Context } from 'hono'

/** Says in a header that spans or traces may be missing, for answers whose form has no word for it. */
export function incompleteHeader(c: Context, reasons: readonly string[]): void {
  if (reasons.length > 0) c.header('x-spanlake-incomplete', headerText(reasons.join('; ')))
}

/** Header values are short and plain. */
function headerText(text: string): string {
  return text.slice(0, 1_000).replace(/[^\x20-\x7e]/g, '?')
}
