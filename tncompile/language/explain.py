"""stub for now"""
from lark.exceptions import UnexpectedInput
from tncompile.source import Diagnostic, Source, Span


def explain(source: Source, span: Span, error: UnexpectedInput) -> Diagnostic:
    at = error.pos_in_stream or span.start
    return Diagnostic("this does not fit here", Span(at, at + 1))
