-- Categories form a tree. `path` holds the slugs from the root down, each followed by a slash: the categories below one
-- are those whose path begins with its path.
CREATE TABLE categories (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    parent_id TEXT REFERENCES categories (id),
    path TEXT NOT NULL,
    depth INTEGER NOT NULL CHECK (depth BETWEEN 1 AND 8),
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMP NOT NULL
);

CREATE INDEX categories_path ON categories (path);

-- `name_folded` is the name in lower case by Unicode's rules, which SQLite's lower() does not know.
CREATE TABLE products (
    id TEXT NOT NULL PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    active BOOLEAN NOT NULL,
    in_stock BOOLEAN NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- One for each order in which products are listed; the id breaks ties.
CREATE INDEX products_newest ON products (created_at, id);
CREATE INDEX products_name ON products (name_folded, id);
CREATE INDEX products_price ON products (price_minor, id);

CREATE TABLE product_categories (
    product_id TEXT NOT NULL REFERENCES products (id),
    category_id TEXT NOT NULL REFERENCES categories (id),
    PRIMARY KEY (product_id, category_id)
);

CREATE INDEX product_categories_category ON product_categories (category_id);

-- What inventory has told. No reference to `products`: a level may be heard of before its product.
CREATE TABLE product_availability (
    product_id TEXT NOT NULL,
    location TEXT NOT NULL,
    available BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (product_id, location)
);
