"""Pictures: what pixels of images and videos show without a model."""
