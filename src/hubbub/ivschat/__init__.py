"""Amazon IVS Chat: rooms, chat tokens, logging configurations, and messaging over WebSocket.

``IvsChat`` is the whole service; `IvsChatLayout` (layout ``"ivschat"``) names what it logs.
"""

from hubbub.ivschat.chat_log import LAYOUT, IvsChatLayout
from hubbub.ivschat.service import IvsChat

__all__ = ["LAYOUT", "IvsChat", "IvsChatLayout"]
