import { expect, test } from 'vitest'
import { lexTraceql } from '../../../../query/traceql/lex.ts'

/** Kind and text of every token but the end. */
function tokensOf(text: string): string[] {
  return lexTraceql(text)
    .slice(0, -1)
    .map((token) => `${token.kind} ${token.text}`)
}

test.each([
  ['{.a>=1}', ['symbol {', 'attribute .a', 'symbol >=', 'number 1', 'symbol }']],
  ['a&&!b', ['word a', 'symbol &&', 'symbol !', 'word b']],
  ['&>>&>!>>!~~', ['symbol &>>', 'symbol &>', 'symbol !>>', 'symbol !~', 'symbol ~']],
  ['=-1', ['symbol =', 'symbol -', 'number 1']],
  ['1s&&2', ['number 1s', 'symbol &&', 'number 2']],
  ['by(.a,.b)', ['word by', 'symbol (', 'attribute .a', 'symbol ,', 'attribute .b', 'symbol )']],
  ['span:name', ['word span:name']],
  ['span.name.x', ['attribute span.name.x']],
  ['spans.x', ['word spans', 'attribute .x']],
  ['.5 .x5', ['number .5', 'attribute .x5']],
  ['.a."b c".d=1', ['attribute .a."b c".d', 'symbol =', 'number 1']],
  ['a // b\nc/* d */e', ['word a', 'word c', 'word e']],
  ['.a//b', ['attribute .a//b']],
  ['`a"b` "c`d"', ['string `a"b`', 'string "c`d"']],
])('%s', (text, tokens) => {
  expect(tokensOf(text)).toEqual(tokens)
})

test.each([
  ['.a', 'any', 'a'],
  ['span.a', 'span', 'a'],
  ['resource.span.a', 'resource', 'span.a'],
  ['event."a b"', 'event', 'a b'],
  ['link.a."b.c"."d"', 'link', 'a.b.cd'.replace('cd', 'c.d')],
  ['instrumentation."\\"\\\\"', 'instrumentation', '"\\'],
  ['parent.a', 'parent', 'a'],
  ['.a+b-c*d/e%f:g;h@i#j?k[l]', 'any', 'a+b-c*d/e%f:g;h@i#j?k[l]'],
])('attribute %s', (text, scope, key) => {
  expect(lexTraceql(text)[0]).toMatchObject({ kind: 'attribute', scope, key })
})

test.each([
  [String.raw`"\a\b\f\n\r\t\v\\\""`, '\x07\b\f\n\r\t\v\\"'],
  [String.raw`"\x41\101\u00e9\U0001F600"`, 'AAé😀'],
  ['`\\n\r\n"`', '\\n\n"'],
  ['"\u2028"', '\u2028'],
])('string %s', (text, value) => {
  expect(lexTraceql(text)[0]).toMatchObject({ kind: 'string', value })
})

test('every token knows its place', () => {
  const text = '{ .a =\n  `x\ny` /* \n */ && .b }'
  const places = lexTraceql(text).map(({ text: token, offset, line, column }) => {
    expect(text.slice(offset, offset + token.length)).toBe(token)
    return [token, line, column]
  })
  expect(places).toEqual([
    ['{', 1, 1],
    ['.a', 1, 3],
    ['=', 1, 6],
    ['`x\ny`', 2, 3],
    ['&&', 4, 5],
    ['.b', 4, 8],
    ['}', 4, 11],
    ['', 4, 12],
  ])
})
