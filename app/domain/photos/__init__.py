"""Photos of products: the original stays inside, copies without a camera's notes are for anybody."""
