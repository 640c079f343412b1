import type { Queryable } from './repositories/queryable.ts'

const tables = {
  products: `
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    sku VARCHAR(32) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL,
    price_cents INT UNSIGNED NOT NULL,
    stock INT UNSIGNED NOT NULL`,
  customers: `
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(190) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL`,
  // A customer's key makes an order unique; orders without one have NULL, which a unique index allows many times.
  orders: `
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    customer_id INT UNSIGNED NOT NULL,
    idempotency_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
    placed_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE KEY one_order_per_key (customer_id, idempotency_key),
    FOREIGN KEY (customer_id) REFERENCES customers (id)`,
  order_lines: `
    order_id INT UNSIGNED NOT NULL,
    product_id INT UNSIGNED NOT NULL,
    quantity INT UNSIGNED NOT NULL,
    unit_price_cents INT UNSIGNED NOT NULL,
    PRIMARY KEY (order_id, product_id),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (product_id) REFERENCES products (id)`,
}

/** Creates what is missing of the shop's tables; running it again changes nothing. Returns the tables' names. */
export async function createSchema(db: Queryable): Promise<string[]> {
  for (const [name, columns] of Object.entries(tables)) {
    await db.query(`CREATE TABLE IF NOT EXISTS ${name} (${columns}) ENGINE = InnoDB CHARACTER SET utf8mb4`)
  }
  return Object.keys(tables)
}
