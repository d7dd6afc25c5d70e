import { type DemoAttribute, double, flag, int, text, type Visit } from './demo-attributes.ts'

/** One kind of span: where it happens, what it says, and what it calls. */
export interface DemoOperation {
  readonly service: string
  readonly scope: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly DemoAttribute[]
  /** Its own work, without its calls, in microseconds. */
  readonly selfUs: readonly [min: number, max: number]
  readonly calls: readonly DemoCall[]
  readonly errorRate?: number
  readonly event?: { readonly name: string; readonly attributes: readonly DemoAttribute[] }
  /** Also links to its parent, as consumers of a queue do. */
  readonly linked?: boolean
}

export interface DemoCall {
  readonly to: DemoOperation
  readonly times: readonly [min: number, max: number]
}

const internal = 1
const server = 2
const client = 3
const producer = 4
const consumer = 5

const once = (to: DemoOperation): DemoCall => ({ to, times: [1, 2] })
const times = (to: DemoOperation, min: number, max: number): DemoCall => ({
  to,
  times: [min, max + 1],
})
const bodySize = (key: string, min: number, max: number) =>
  int(key, ({ numbers }) => numbers.whole(min, max))
const peerPort = int('network.peer.port', ({ numbers }) => numbers.whole(32_768, 61_000))

interface Rpc {
  from: string
  to: string
  service: string
  method: string
  port: number
  attributes: readonly DemoAttribute[]
  calls: readonly DemoCall[]
  selfUs: readonly [number, number]
  errorRate?: number
  event?: DemoOperation['event']
}

/** A gRPC call as both sides see it: the client's span with the server's below. */
function rpc({ from, to, service, method, port, ...rest }: Rpc): DemoOperation {
  const name = `oteldemo.${service}/${method}`
  const shared = [
    text('rpc.system', 'grpc'),
    text('rpc.service', `oteldemo.${service}`),
    text('rpc.method', method),
    int('rpc.grpc.status_code', 0),
  ]
  const event = rest.event ? { event: rest.event } : {}
  const serverSpan: DemoOperation = {
    service: to,
    scope: 'otelgrpc',
    name,
    kind: server,
    attributes: [
      ...shared,
      text(
        'network.peer.address',
        ({ numbers }) => `10.42.${numbers.whole(0, 4)}.${numbers.whole(2, 40)}`,
      ),
      peerPort,
      text('network.type', 'ipv4'),
      int('thread.id', ({ numbers }) => numbers.whole(1, 33)),
      ...rest.attributes,
    ],
    selfUs: rest.selfUs,
    calls: rest.calls,
    errorRate: rest.errorRate ?? 0.004,
    ...event,
  }
  return {
    service: from,
    scope: 'otelgrpc',
    name,
    kind: client,
    attributes: [...shared, text('server.address', to), int('server.port', port)],
    selfUs: [120, 900],
    calls: [once(serverSpan)],
  }
}

interface Query {
  service: string
  system: string
  table: string
  operation: string
  statement: string
  selfUs: readonly [number, number]
}

function query({ service, system, table, operation, statement, selfUs }: Query): DemoOperation {
  return {
    service,
    scope: `${system}-client`,
    name: `${operation} ${table}`,
    kind: client,
    attributes: [
      text('db.system', system),
      text('db.operation.name', operation),
      text('db.query.text', statement),
      text('server.address', `${system}.demo.svc`),
      int('db.response.returned_rows', ({ numbers }) => numbers.whole(0, 12)),
    ],
    selfUs,
    calls: [],
    errorRate: 0.003,
  }
}

const productId = text('app.product.id', (visit) => visit.productId())
const userId = text('app.user.id', (visit) => visit.userId)
const currency = text('app.user.currency', (visit) => visit.currency)
const money = (key: string) => double(key, ({ numbers }) => numbers.whole(399, 250_000) / 100)

const readProduct = query({
  service: 'product-catalog',
  system: 'postgresql',
  table: 'products',
  operation: 'SELECT',
  statement: 'SELECT id, name, price FROM products WHERE id = $1',
  selfUs: [300, 4_000],
})
const getProduct = (from: string) =>
  rpc({
    from,
    to: 'product-catalog',
    service: 'ProductCatalogService',
    method: 'GetProduct',
    port: 3550,
    attributes: [productId, text('app.product.name', ({ numbers }) => numbers.pick(productNames))],
    calls: [once(readProduct)],
    selfUs: [200, 1_500],
    errorRate: 0.01,
  })
const getAds = rpc({
  from: 'frontend',
  to: 'ad',
  service: 'AdService',
  method: 'GetAds',
  port: 9555,
  attributes: [
    text('app.ads.category', ({ numbers }) => numbers.pick(categories)),
    int('app.ads.count', ({ numbers }) => numbers.whole(1, 4)),
    text('app.ads.ad_request_type', 'TARGETED'),
  ],
  calls: [],
  selfUs: [900, 8_000],
  errorRate: 0.02,
})
const convert = (from: string) =>
  rpc({
    from,
    to: 'currency',
    service: 'CurrencyService',
    method: 'Convert',
    port: 7001,
    attributes: [
      text('app.currency.conversion.from', 'USD'),
      text('app.currency.conversion.to', (visit) => visit.currency),
    ],
    calls: [],
    selfUs: [60, 400],
  })
const cartQuery = (operation: string, statement: string) =>
  query({
    service: 'cart',
    system: 'valkey',
    table: 'cart',
    operation,
    statement,
    selfUs: [150, 900],
  })
const getCart = (from: string) =>
  rpc({
    from,
    to: 'cart',
    service: 'CartService',
    method: 'GetCart',
    port: 7070,
    attributes: [userId, int('app.cart.items.count', ({ numbers }) => numbers.whole(0, 9))],
    calls: [once(cartQuery('HGET', 'HGET ? cart'))],
    selfUs: [150, 900],
  })
const addItem = rpc({
  from: 'frontend',
  to: 'cart',
  service: 'CartService',
  method: 'AddItem',
  port: 7070,
  attributes: [
    userId,
    productId,
    int('app.product.quantity', ({ numbers }) => numbers.whole(1, 6)),
  ],
  calls: [once(cartQuery('HGET', 'HGET ? cart')), once(cartQuery('HMSET', 'HMSET ? cart ?'))],
  selfUs: [200, 1_200],
})
const recommend = rpc({
  from: 'frontend',
  to: 'recommendation',
  service: 'RecommendationService',
  method: 'ListRecommendations',
  port: 9001,
  attributes: [
    int('app.filtered_products.count', ({ numbers }) => numbers.whole(4, 10)),
    flag('app.cache_hit', ({ numbers }) => numbers.chance(0.8)),
    flag('app.recommendation.cache_enabled', true),
  ],
  calls: [times(getProduct('recommendation'), 1, 2)],
  selfUs: [800, 5_000],
})
const quote: DemoOperation = {
  service: 'quote',
  scope: 'quoteservice',
  name: 'POST /getquote',
  kind: server,
  attributes: [
    text('http.request.method', 'POST'),
    text('http.route', '/getquote'),
    text('url.path', '/getquote'),
    int('http.response.status_code', 200),
    money('app.quote.cost.total'),
    int('app.quote.items.count', ({ numbers }) => numbers.whole(1, 9)),
  ],
  selfUs: [400, 3_000],
  calls: [],
}
const shipQuote = rpc({
  from: 'checkout',
  to: 'shipping',
  service: 'ShippingService',
  method: 'GetQuote',
  port: 50_050,
  attributes: [money('app.shipping.cost.total')],
  calls: [once(quote)],
  selfUs: [200, 900],
})
const shipOrder = rpc({
  from: 'checkout',
  to: 'shipping',
  service: 'ShippingService',
  method: 'ShipOrder',
  port: 50_050,
  attributes: [text('app.shipping.tracking.id', ({ numbers }) => numbers.hex(16))],
  calls: [],
  selfUs: [100, 700],
})
const charge = rpc({
  from: 'checkout',
  to: 'payment',
  service: 'PaymentService',
  method: 'Charge',
  port: 50_051,
  attributes: [
    money('app.payment.amount'),
    text('app.payment.card_type', ({ numbers }) => numbers.pick(['visa', 'mastercard'])),
    flag('app.payment.charged', true),
    text('app.loyalty.level', ({ numbers }) =>
      numbers.pick(['bronze', 'silver', 'gold', 'platinum']),
    ),
  ],
  calls: [],
  selfUs: [900, 6_000],
  errorRate: 0.03,
  event: {
    name: 'charged',
    attributes: [text('app.payment.transaction.id', ({ numbers }) => numbers.hex(32))],
  },
})
const sendMail: DemoOperation = {
  service: 'email',
  scope: 'sinatra',
  name: 'POST /send_order_confirmation',
  kind: server,
  attributes: [
    text('http.request.method', 'POST'),
    text('http.route', '/send_order_confirmation'),
    int('http.response.status_code', 200),
    text('app.email.recipient', (visit) => `${visit.userId}@example.com`),
  ],
  selfUs: [2_000, 30_000],
  calls: [],
}
const consume = (service: string): DemoOperation => ({
  service,
  scope: 'kafka-consumer',
  name: 'orders process',
  kind: consumer,
  attributes: [
    text('messaging.system', 'kafka'),
    text('messaging.destination.name', 'orders'),
    text('messaging.operation.type', 'process'),
    text('messaging.consumer.group.name', service),
    int('messaging.kafka.offset', ({ numbers }) => numbers.whole(1_000_000, 1_400_000)),
  ],
  selfUs: [500, 9_000],
  calls: [],
  linked: true,
})
const publish: DemoOperation = {
  service: 'checkout',
  scope: 'kafka-producer',
  name: 'orders publish',
  kind: producer,
  attributes: [
    text('messaging.system', 'kafka'),
    text('messaging.destination.name', 'orders'),
    text('messaging.operation.type', 'publish'),
    int('messaging.message.body.size', ({ numbers }) => numbers.whole(180, 900)),
  ],
  selfUs: [300, 2_500],
  calls: [once(consume('accounting')), once(consume('fraud-detection'))],
}
const prepare: DemoOperation = {
  service: 'checkout',
  scope: 'checkout',
  name: 'prepareOrderItemsAndShippingQuoteFromCart',
  kind: internal,
  attributes: [int('app.order.items.count', ({ numbers }) => numbers.whole(1, 9))],
  selfUs: [100, 600],
  calls: [
    once(getCart('checkout')),
    times(getProduct('checkout'), 1, 3),
    times(convert('checkout'), 1, 3),
    once(shipQuote),
  ],
}
const placeOrder = rpc({
  from: 'frontend',
  to: 'checkout',
  service: 'CheckoutService',
  method: 'PlaceOrder',
  port: 5050,
  attributes: [
    userId,
    currency,
    text('app.order.id', (visit) => visit.orderId),
    money('app.order.amount'),
    money('app.shipping.amount'),
  ],
  calls: [once(prepare), once(charge), once(shipOrder), once(sendMail), once(publish)],
  selfUs: [500, 3_000],
  errorRate: 0.01,
  event: { name: 'prepared', attributes: [] },
})

interface Page {
  method: string
  route: string
  path: (visit: Visit) => string
  calls: readonly DemoCall[]
}

/** A request from a browser: proxy, front end, and what that calls. */
function page({ method, route, path, calls }: Page): DemoOperation {
  const request = [
    text('http.request.method', method),
    int('http.response.status_code', 200),
    text('url.scheme', 'http'),
    text('user_agent.original', ({ numbers }) => numbers.pick(userAgents)),
  ]
  const frontend: DemoOperation = {
    service: 'frontend',
    scope: '@opentelemetry/instrumentation-http',
    name: `${method} ${route}`,
    kind: server,
    attributes: [
      ...request,
      text('http.route', route),
      text('url.path', path),
      text('session.id', (visit) => visit.sessionId),
      flag('app.synthetic_request', false),
      peerPort,
    ],
    selfUs: [700, 6_000],
    calls,
    errorRate: 0.005,
  }
  return {
    service: 'frontend-proxy',
    scope: 'envoy',
    name: 'ingress',
    kind: server,
    attributes: [
      ...request,
      text('url.full', (visit) => `http://shop.example.com${path(visit)}`),
      text('upstream_cluster.name', 'frontend'),
      bodySize('http.response.body.size', 200, 60_000),
    ],
    selfUs: [200, 1_800],
    calls: [once(frontend)],
  }
}

/** What visitors do; frequent pages stand several times. */
export const demoPages: readonly DemoOperation[] = [
  ...Array<DemoOperation>(4).fill(
    page({
      method: 'GET',
      route: '/api/products/[productId]',
      path: (visit) => `/api/products/${visit.productId()}`,
      calls: [once(getProduct('frontend')), once(convert('frontend'))],
    }),
  ),
  ...Array<DemoOperation>(2).fill(
    page({
      method: 'GET',
      route: '/api/recommendations',
      path: () => '/api/recommendations',
      calls: [once(recommend), times(getProduct('frontend'), 2, 4)],
    }),
  ),
  page({ method: 'GET', route: '/api/data', path: () => '/api/data', calls: [once(getAds)] }),
  page({
    method: 'GET',
    route: '/api/cart',
    path: () => '/api/cart',
    calls: [once(getCart('frontend')), times(getProduct('frontend'), 1, 3)],
  }),
  page({
    method: 'POST',
    route: '/api/cart',
    path: () => '/api/cart',
    calls: [once(getProduct('frontend')), once(addItem)],
  }),
  page({
    method: 'POST',
    route: '/api/checkout',
    path: () => '/api/checkout',
    calls: [once(placeOrder), once(getProduct('frontend'))],
  }),
]

const productNames = [
  'National Park Foundation Explorascope',
  'Starsense Explorer Refractor Telescope',
  'Eclipsmart Travel Refractor Telescope',
  'Lens Cleaning Kit',
  'Roof Binoculars',
  'Solar System Color Imager',
  'Red Flashlight',
  'Optical Tube Assembly',
  'Solar Filter',
  'The Comet Book',
]
const categories = ['telescopes', 'binoculars', 'accessories', 'books', 'assembly', 'travel']
const userAgents = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
  'python-requests/2.32.3',
]
