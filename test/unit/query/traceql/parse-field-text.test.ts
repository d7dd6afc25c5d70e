import { expect, test } from 'vitest'
import { parseFieldText } from '../../../../query/traceql/parse-field-text.ts'
import { printField } from '../../../../query/traceql/print-field.ts'

test.each([
  ['.service.name', '.service.name'],
  ['resource.service.name', 'resource.service.name'],
  ['resource.app.kubernetes.io/name', 'resource.app.kubernetes.io/name'],
  ['span.a b', 'span."a b"'],
  ['span."a b"', 'span."a b"'],
  ['span.{', 'span."{"'],
  ['event.exception.type', 'event.exception.type'],
  ['status', 'status'],
  ['span:name', 'name'],
  ['trace:rootService', 'rootServiceName'],
  ['service.name', undefined],
  ['parent.a', undefined],
  ['span.', undefined],
  ['', undefined],
  ['status = ok', undefined],
])('%s names %s', (text, name) => {
  const field = parseFieldText(text)
  expect(field && printField(field)).toBe(name)
})
