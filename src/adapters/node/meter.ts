import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { SpanlakeError } from '../../errors.ts'
import type { Meter, MeterLabels } from '../../ports/meter.ts'
import { type MetricDefinition, metrics } from './metrics.ts'

export interface NodeMeter extends Meter {
  /** Prometheus' text format. */
  text(): Promise<string>
  /** A line on which another thread's `remoteMeter` counts. */
  connect(): MessagePort
}

type Sample = readonly ['count' | 'observe' | 'gauge', string, number, MeterLabels | undefined]

/** The process's metrics: Prometheus' own registry, with the metrics of `metrics.ts` and of the process. */
export function nodeMeter(): NodeMeter {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const known = new Map(
    Object.entries(metrics).map(([name, definition]) => [name, make(registry, name, definition)]),
  )
  const metricOf = (name: string) => {
    requireListed(name)
    return known.get(name)
  }
  const meter: NodeMeter = {
    count: (name, value, labels) => (metricOf(name) as Counter).inc(labels ?? {}, value),
    observe: (name, value, labels) => (metricOf(name) as Histogram).observe(labels ?? {}, value),
    gauge: (name, value, labels) => (metricOf(name) as Gauge).set(labels ?? {}, value),
    text: () => registry.metrics(),
    connect() {
      const { port1, port2 } = new MessageChannel()
      port1.on('message', (samples: Sample[]) => {
        for (const [method, name, value, labels] of samples) meter[method](name, value, labels)
      })
      port1.unref()
      return port2
    },
  }
  return meter
}

function requireListed(name: string): void {
  if (Object.hasOwn(metrics, name)) return
  throw new SpanlakeError('internal', `metric must be listed in metrics.ts, got ${name}`)
}

const sendEveryMs = 200

/** Counts in a thread of its own and tells the main one a few times a second. */
export function remoteMeter(port: MessagePort): Meter {
  let samples: Sample[] = []
  const add = (sample: Sample): void => {
    // Here, where the mistake is made: over there it would take the whole process down.
    requireListed(sample[1])
    if (samples.push(sample) > 1) return
    setTimeout(() => {
      port.postMessage(samples)
      samples = []
    }, sendEveryMs)
  }
  return {
    count: (name, value, labels) => add(['count', name, value, labels]),
    observe: (name, value, labels) => add(['observe', name, value, labels]),
    gauge: (name, value, labels) => add(['gauge', name, value, labels]),
  }
}

function make(registry: Registry, name: string, definition: MetricDefinition) {
  const { kind, help, labels = [], buckets } = definition
  const options = { name, help, labelNames: [...labels], registers: [registry] }
  if (kind === 'counter') return new Counter(options)
  if (kind === 'gauge') return new Gauge(options)
  return new Histogram(buckets ? { ...options, buckets: [...buckets] } : options)
}
