import { describe, expect, test } from 'vitest'
import {
  durationText,
  isLoopback,
  parseBytes,
  parseDataDirectory,
  parseDurationMs,
  parseListen,
  parseOrigin,
  parseRegion,
} from '../../src/config.ts'

describe('parseListen', () => {
  test.each([
    ['127.0.0.1:4318', '127.0.0.1', 4318],
    ['[::1]:0', '::1', 0],
    ['localhost:65535', 'localhost', 65_535],
  ])('%s', (text, host, port) => expect(parseListen(text)).toEqual({ host, port }))
  test.each(['4318', ':4318', '127.0.0.1', '127.0.0.1:65536', '::1:4318', 'a b:1', ''])(
    'refuses %j',
    (text) => expect(() => parseListen(text)).toThrow(/listen address must be HOST:PORT/),
  )
})

test('loopback is this machine alone', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.0.0.1.example.com'].some(isLoopback)).toBe(
    false,
  )
})

describe('parseDurationMs', () => {
  test.each([
    ['250ms', 250],
    ['1s', 1_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['10ms', 10],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ])('%s', (text, ms) => expect(parseDurationMs(text, 10, 86_400_000)).toBe(ms))
  test.each(['9ms', '61m', '1', 's', '-1s', '1 s', '1d'])('refuses %j', (text) =>
    expect(() => parseDurationMs(text, 10, 3_600_000)).toThrow(/duration must be from 10ms to 1h/),
  )
  test('names bounds in the largest unit that needs no fraction', () => {
    expect([0, 1_500, 90_000, 7_200_000, 30 * 86_400_000].map(durationText)).toEqual([
      '0d',
      '1500ms',
      '90s',
      '2h',
      '30d',
    ])
  })
})

describe('parseBytes', () => {
  test('reads binary units', () => expect(parseBytes('64MiB', 1, 1e12)).toBe(67_108_864))
  test.each(['64MB', '0B', '2KiB', 'x'])('refuses %j', (text) =>
    expect(() => parseBytes(text, 1, 2047)).toThrow(/size must be/),
  )
})

test('a region is 63 characters at most', () => {
  expect(parseRegion(`a${'b'.repeat(62)}`)).toHaveLength(63)
  expect(() => parseRegion(`a${'b'.repeat(63)}`)).toThrow(/region must be/)
  for (const text of ['', 'EU', '1a', 'a/b', 'a_b']) expect(() => parseRegion(text)).toThrow()
})

test('an origin is exactly what a browser sends', () => {
  expect(parseOrigin('https://app.example.com:8443')).toBe('https://app.example.com:8443')
  for (const text of ['*', 'https://a.example/', 'https://a.example:443', 'null', 'a.example']) {
    expect(() => parseOrigin(text)).toThrow(/origin must be like/)
  }
})

test('a data directory is any path but an empty one', () => {
  for (const text of ['data', './a b', '/var/lib/spanlake'])
    expect(parseDataDirectory(text)).toBe(text)
  for (const text of ['', 'a\0b'])
    expect(() => parseDataDirectory(text)).toThrow(/data directory must be a path, got "/)
})
