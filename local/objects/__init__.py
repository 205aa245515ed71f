"""The local object store: SeaweedFS, a real S3 server that keeps its objects on disk."""
