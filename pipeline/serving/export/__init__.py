"""Lake tables as files for others, without the people who asked to be left out."""

from pipeline.serving.export.export import FORMATS, GRAPH_FORMATS, export

__all__ = ["FORMATS", "GRAPH_FORMATS", "export"]
