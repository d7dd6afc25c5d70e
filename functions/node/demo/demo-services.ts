/** The services of the OpenTelemetry demo shop, as far as the generator plays them. */
export interface DemoService {
  readonly name: string
  readonly language: string
  readonly sdkVersion: string
  readonly pods: number
}

export const demoServices: readonly DemoService[] = [
  { name: 'frontend-proxy', language: 'cpp', sdkVersion: '1.14.2', pods: 2 },
  { name: 'frontend', language: 'nodejs', sdkVersion: '1.25.1', pods: 3 },
  { name: 'product-catalog', language: 'go', sdkVersion: '1.28.0', pods: 2 },
  { name: 'cart', language: 'dotnet', sdkVersion: '1.9.0', pods: 2 },
  { name: 'checkout', language: 'go', sdkVersion: '1.28.0', pods: 2 },
  { name: 'currency', language: 'cpp', sdkVersion: '1.15.0', pods: 1 },
  { name: 'payment', language: 'nodejs', sdkVersion: '1.25.1', pods: 1 },
  { name: 'shipping', language: 'rust', sdkVersion: '0.24.1', pods: 1 },
  { name: 'quote', language: 'php', sdkVersion: '1.0.8', pods: 1 },
  { name: 'email', language: 'ruby', sdkVersion: '1.5.0', pods: 1 },
  { name: 'recommendation', language: 'python', sdkVersion: '1.26.0', pods: 1 },
  { name: 'ad', language: 'java', sdkVersion: '1.41.0', pods: 1 },
  { name: 'accounting', language: 'dotnet', sdkVersion: '1.9.0', pods: 1 },
  { name: 'fraud-detection', language: 'java', sdkVersion: '1.41.0', pods: 1 },
]
