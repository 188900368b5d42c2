"""What others find and reuse: feeds, the public read API, charts for other sites, pictures for shared links."""
