import fc, { type Arbitrary } from 'fast-check'
import type { FieldValue } from '../../../../query/traceql/span-table.ts'
import type { TestSpan } from './table-of.ts'

const ids = ['a', 'b', 'c', 'd', 'e', 'f', '10', '11']

const value: Arbitrary<FieldValue> = fc.oneof(
  fc.constantFrom<FieldValue>(0n, 1n, 2n, -1n, 0.5, 2, 'x', 'xy', '', true, false, null),
  fc.constantFrom<FieldValue>(['x', 'y'], [1n, 2n], [0.5], [true], []),
)

/** Also integers that no float is, and the ends of 64 bits. */
export const largeValue: Arbitrary<FieldValue> = fc.oneof(
  { arbitrary: value, weight: 3 },
  fc.constantFrom<FieldValue>(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2 ** 53),
)

/** Few keys, so that conditions meet them; two that differ in their case alone. */
export const keys = ['p', 'q', 'P', 'r'] as const

const testSpan = (attributes: Arbitrary<Record<string, FieldValue>>): Arbitrary<TestSpan> =>
  fc.record(
    {
      id: fc.constantFrom(...ids),
      parent: fc.constantFrom(...ids, 'gone'),
      duration: fc.bigInt(0n, 5n),
      name: fc.constantFrom('x', 'xy', 'z'),
      kind: fc.constantFrom('server' as const, 'client' as const, 'internal' as const),
      status: fc.constantFrom('ok' as const, 'error' as const),
      statusMessage: fc.constantFrom('', 'x', 'y'),
      span: attributes,
      resource: attributes,
      scope: fc
        .tuple(attributes, fc.constantFrom('', 'x'), fc.constantFrom('', '1'))
        .map(([all, name, version]) => ({ ...all, name, version })),
      events: fc.array(
        fc.record({ name: fc.constantFrom('x', 'y'), since: fc.bigInt(0n, 3n), attributes }),
        { maxLength: 2 },
      ),
      links: fc.array(fc.record({ span: fc.constantFrom(...ids), attributes }), { maxLength: 2 }),
    },
    { requiredKeys: ['id'] },
  )

/** Trees and what is none: several roots, orphans, shared ids, cycles. */
export function arbitraryTrace(values: Arbitrary<FieldValue> = value): Arbitrary<TestSpan[]> {
  const span = testSpan(
    fc.dictionary(fc.constantFrom(...keys), values, { maxKeys: 4, noNullPrototype: true }),
  )
  const any = fc.array(span, { minLength: 1, maxLength: 10 })
  const tree = fc.array(fc.tuple(span, fc.nat(100)), { minLength: 1, maxLength: 8 }).map((list) =>
    list.map(([{ parent: _, ...one }, nth], i) => ({
      ...one,
      id: ids[i] ?? '',
      ...(i > 0 && { parent: ids[nth % i] ?? '' }),
    })),
  )
  return fc.oneof(tree, any)
}

/** A condition that makes sense, as text. */
export function arbitraryCondition(): Arbitrary<string> {
  const field = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('.', 'span.', 'resource.', 'event.', 'link.', 'instrumentation.'),
        fc.constantFrom(...keys),
      )
      .map(([scope, key]) => scope + key),
    fc.constant('span.p'),
  )
  const compare = fc.constantFrom('=', '!=', '>', '>=', '<', '<=')
  const literal = fc.constantFrom(
    ...['0', '1', '2', '-1', '0.5', '1ns', '"x"', '"xy"', '""'],
    ...['9007199254740992', '9007199254740993', 'maxInt', 'minInt', '9007199254740992.0'],
  )
  const text = fc.constantFrom(
    ...['name', 'statusMessage', 'event:name', 'instrumentation:name', 'instrumentation:version'],
  )
  const id = fc.constantFrom('span:id', 'span:parentID', 'link:spanID', 'link:traceID', 'trace:id')
  const duration = fc.constantFrom('duration', 'event:timeSinceStart')
  const join = (...parts: Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(' '))
  const leaf = fc.oneof(
    join(field, compare, literal),
    join(literal, compare, field),
    join(field, compare, field),
    join(field, fc.constantFrom('=', '!='), fc.constantFrom('nil', 'true', 'false')),
    join(field, fc.constantFrom('=~', '!~'), fc.constantFrom('"x"', '"x.*"', '""')),
    join(text, fc.constantFrom('=~', '!~'), fc.constantFrom('"x"', '"x.*"', '""', '"[0a]*"')),
    join(text, compare, fc.constantFrom('"x"', '"y"', '""', '"1"')),
    join(fc.constantFrom('status', 'kind'), fc.constantFrom('=', '!='), field),
    join(id, compare, fc.constantFrom('"a"', '"10"', '""', '"0000000000000001"')),
    join(text, compare, field),
    join(duration, compare, field),
    join(fc.oneof(text, id, duration), fc.constant('!= nil')),
    fc.tuple(field, compare, literal).map(([one, is, two]) => `-${one} ${is} ${two} `),
    join(
      field,
      fc.constantFrom('+ 1', '* 0', '/ 0', '- duration'),
      fc.constantFrom('=', '!='),
      fc.constant('nil'),
    ),
    join(
      fc.constantFrom('status'),
      fc.constantFrom('=', '!='),
      fc.constantFrom('ok', 'error', 'unset'),
    ),
    join(
      fc.constantFrom('kind'),
      fc.constantFrom('=', '!='),
      fc.constantFrom('client', 'consumer', 'unspecified'),
    ),
    join(field, fc.constantFrom('+', '-', '*', '/', '%', '^'), field, compare, fc.constant('1')),
    join(fc.constant('duration'), compare, fc.constantFrom('2ns', '3', '1ns * 2 + 1')),
    join(fc.constant('event:timeSinceStart'), compare, fc.constantFrom('1ns', '2')),
    fc.constantFrom('kind = server', 'kind != server', 'status = error', 'true', 'false'),
    fc.constantFrom('link:spanID = "b"', 'span:parentID != "A"', 'span:parentID = "0"'),
    field,
  )
  const { condition } = fc.letrec<{ condition: string }>((tie) => {
    const inner = tie('condition').map((text) => `(${text})`)
    const logic = fc.constantFrom('&&', '||')
    return {
      condition: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        join(inner, logic, inner),
        inner.map((text) => `!${text}`),
        join(inner, fc.constantFrom('=', '!='), inner),
      ),
    }
  })
  return condition
}

/** A condition that a trace's tree decides too. */
export function arbitraryTreeCondition(): Arbitrary<string> {
  return fc.oneof(
    arbitraryCondition(),
    fc.constantFrom(
      'nestedSetParent < 0',
      'nestedSetLeft > 1',
      'span:childCount > 0',
      'rootName = "x"',
      'traceDuration > 3ns',
      'nestedSetParent = -1',
      'nestedSetParent >= 0',
      'rootServiceName != "x"',
      'rootName =~ "x.*"',
      '!(nestedSetParent < 0)',
      'nestedSetRight = nestedSetLeft + 1',
    ),
  )
}

export const relationSigns = ['>', '>>', '<', '<<', '~'] as const
export const formSigns = ['', '&', '!'] as const

/** Stages that make sense, as text. */
export function arbitraryStages(condition: Arbitrary<string>, canRelate = true): Arbitrary<string> {
  const filter = condition.map((text) => `{ ${text} }`)
  const operators = [
    '&&',
    '||',
    ...(canRelate ? formSigns.flatMap((form) => relationSigns.map((sign) => form + sign)) : []),
  ]
  const aggregate = fc.constantFrom(
    'count() > 1',
    'count() = 1',
    'max(span.p) > 0',
    'sum(.q) != 3',
    'min(duration) < 3ns',
    'avg(span.p + duration) > 0',
  )
  const { operand } = fc.letrec<{ operand: string }>((tie) => ({
    operand: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      filter,
      fc
        .tuple(tie('operand'), fc.constantFrom(...operators), tie('operand'))
        .map((parts) => `(${parts.join(' ')})`),
      fc.tuple(tie('operand'), aggregate).map((parts) => `(${parts.join(' | ')})`),
    ),
  }))
  const by = fc.constantFrom('by(status)', 'by(.p)', 'by(event.q)', 'by(duration > 2ns)')
  const stage = fc.oneof(
    filter,
    operand,
    aggregate,
    by,
    fc.constantFrom('coalesce()', 'select(.p)'),
  )
  return fc
    .tuple(operand, fc.array(stage, { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest].join(' | '))
}
