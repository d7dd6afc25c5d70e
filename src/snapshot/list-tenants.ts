import { isTenantName } from '../layout/keys.ts'
import type { ObjectStore } from '../ports/object-store.ts'

/** Every tenant that has an object, in byte order: one page of the listing a tenant, whatever lies below. */
export async function listTenants(store: ObjectStore): Promise<string[]> {
  const tenants: string[] = []
  let after: string | undefined
  for (;;) {
    const { entries } = await store.list('', after)
    const [first] = entries
    if (first === undefined) return tenants
    const [tenant = ''] = first.key.split('/')
    if (isTenantName(tenant)) tenants.push(tenant)
    // All keys below the tenant's prefix come before this one, as `~` is the last printable character.
    after = `${tenant}/~`
  }
}
