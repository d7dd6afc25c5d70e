/**
 * About as many instructions as an RE2 expression would have, counted repetitions written out: `(ab{9}){9}` is short and
 * has many. Never much less than it has, so that what is too large is known before it is made.
 */
export function patternSize(source: string): number {
  const groups = [emptyGroup()]
  for (const [part, single, open, close, least, most] of source.matchAll(piece)) {
    const group = groups.at(-1) ?? emptyGroup()
    if (open !== undefined) groups.push(emptyGroup())
    else if (close !== undefined) endGroup(groups)
    else if (least !== undefined) {
      const times = Math.max(1, Number(least), Number(most ?? 0))
      group.size += group.last * (times - 1)
      group.last *= times
    } else add(group, single === undefined ? part.length : 1)
  }
  while (groups.length > 1) endGroup(groups)
  return groups[0]?.size ?? 0
}

// A text in \Q…\E; a class or an escape; the beginning of a group, its end; a counted repetition; one character.
const piece =
  /\\Q[\s\S]*?(?:\\E|$)|(\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]|\\[\s\S])|(\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?)|(\))|\{(\d+)(?:,(\d*))?\}|[\s\S]/g

interface Group {
  size: number
  /** Of what a repetition would repeat. */
  last: number
}

function emptyGroup(): Group {
  return { size: 0, last: 0 }
}

function add(group: Group, size: number): void {
  group.size += size
  group.last = size
}

/** A group costs two instructions of its own. */
function endGroup(groups: Group[]): void {
  const ended = groups.pop() ?? emptyGroup()
  const outer = groups.at(-1)
  if (outer === undefined) groups.push(ended)
  else add(outer, ended.size + 2)
}
